import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, saveCheckpoint } from "dlm/training/checkpoint.ts";

// These start processes and write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const onWindows = Deno.build.os === "windows";

const TEXT = "It was the best of times, it was the worst of times.\r\n🙂 ".repeat(200);

/** Runs a command of the project in a folder; its exit code and what it printed. */
async function run(folder: string, name: string, args: readonly string[]) {
  const script = fileURLToPath(new URL(`../../lib/cli/${name}.ts`, import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "-A", script, ...args],
    cwd: folder,
    env: { NO_COLOR: "1", DLM_BACKEND: "wasm" }, // whatever this machine has
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, stdout: out!, stderr: err! };
}

/** A folder with a text, an empty file, a short text, and a checkpoint cut off in the middle. */
async function prepareFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/text.txt`, TEXT);
  await Deno.writeTextFile(`${folder}/plain.txt`, TEXT.replaceAll("\r", "")); // nothing to say of it
  await Deno.writeTextFile(`${folder}/empty.txt`, "");
  await Deno.writeTextFile(`${folder}/short.txt`, "be horse");
  if (!onWindows) {
    await Deno.symlink("loop", `${folder}/loop`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
  }
  await Deno.writeFile(`${folder}/latin1.txt`, Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
  return folder;
}

async function snapshot(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name, isFile } of Deno.readDir(folder)) {
    const bytes = isFile ? await Deno.readFile(`${folder}/${name}`) : new Uint8Array();
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    files[name] = new Uint8Array(digest).toHex();
  }
  return files;
}

const smoke = ["--preset", "smoke", "--workers", "0", "--json"];

/** The quickest model that there is. */
const TINY = ["--layers=1", "--width=8", "--heads=1"];

const WHOLE = ["--model", "whole.safetensors"];

/** What other systems than Windows have. */
const BAD_PATHS: [string, string, string[], RegExp][] = [
  ["a device as text", "train", ["--corpus", "/dev/zero"], /device or a pipe/],
  ["a device as checkpoint", "sample", ["--model", "/dev/zero"], /device or a pipe/],
  ["a pipe as checkpoint", "evaluate", ["--model", "pipe"], /device or a pipe/],
  ["a path that leads in a circle", "sample", ["--model", "loop"], /loop cannot be read/],
];

const BAD_INPUT: [string, string, string[], RegExp][] = [
  ["a missing file", "train", ["--corpus", "none.txt"], /no file none\.txt/],
  ["an empty file", "train", ["--corpus", "empty.txt"], /empty/],
  ["a text shorter than the context", "train", ["--corpus=short.txt", "--out=new"], /context/],
  ["a text that is not UTF-8", "train", ["--corpus", "latin1.txt"], /UTF-8/],
  ["a folder given as file", "train", ["--corpus", "."], /folder/],
  [
    "heads that do not divide the width",
    "train",
    ["--heads", "3", "--corpus", "plain.txt"],
    /heads/,
  ],
  ["a negative number of steps", "train", ["--steps", "-5"], /at least 1/],
  ["a learning rate of zero", "train", ["--learning-rate", "0"], /above 0/],
  [
    "Workers beside another backend than theirs",
    "train",
    ["--backend", "cpu", "--workers", "2", "--corpus", "plain.txt"],
    /take 0 Workers/,
  ],
  [
    "native kernels on another backend than theirs",
    "train",
    ["--backend", "cpu", "--kernels", "native", "--corpus", "text.txt"],
    /leave --backend out/,
  ],
  ["an unknown option", "train", ["--lr", "1"], /--lr/],
  ["an unknown preset", "train", ["--preset", "huge"], /smoke, laptop, large/],
  ["starting from nothing", "train", ["--from", "none.safetensors"], /no file none/],
  ["starting from a model of other characters", "train", [
    "--corpus=plain.txt",
    "--from=best",
  ], /other characters/],
  [
    "resuming and starting from a model",
    "train",
    ["--resume", "--from=whole.safetensors"],
    /leave --from or --resume out/,
  ],
  ["resuming nothing", "train", ["--resume", "--out", "nowhere"], /no file .*safetensors/],
  ["a missing checkpoint", "sample", ["--model", "none.safetensors"], /no file .*safetensors/],
  ["an empty path", "train", ["--out", ""], /must not be empty/],
  ["resuming a file", "train", ["--resume", "--out", "text.txt"], /text\.txt\/.* cannot be read/],
  [
    "a name too long",
    "train",
    ["--corpus", "x".repeat(300)],
    /cannot be read \(File name too long/,
  ],
  ["a file taken for a folder", "train", ["--corpus", "text.txt/"], /cannot be read/],
  ["a truncated checkpoint", "sample", ["--model", "cut.safetensors"], /cut\.safetensors/],
  ["a text as checkpoint", "evaluate", ["--model", "text.txt"], /text\.txt/],
  ["baselines of a model", "evaluate", ["--baselines", "--model", "x"], /cannot be used with/],
  ["an unknown character", "sample", ["--model", "whole.safetensors", "--prompt", "ß"], /"ß"/],
  ["a prompt that is too long", "sample", [
    "--model",
    "whole.safetensors",
    "--prompt",
    "was ".repeat(20),
  ], /shorten it/],
  ["a bracket that opens no hole", "sample", [...WHOLE, "--infill", "It [was]"], /opens no hole/],
  ["a hole of open length at the end", "sample", [...WHOLE, "--infill", "It [2-3]"], /after it/],
  ["a text with holes and a prompt", "sample", [
    ...WHOLE,
    "--infill=It [3] the",
    "--prompt=It",
  ], /leave out --prompt/],
  [
    "a hole too far from what is after it",
    "sample",
    [...WHOLE, "--infill", "It [40-41] the"],
    /32/,
  ],
  ["steps for a sampler that takes its own", "sample", [
    ...WHOLE,
    "--sampler=first-hitting",
    "--steps=5",
  ], /leave out --steps/],
  ["an unknown sampler", "sample", ["--sampler", "beam"], /ancestral, random, low-confidence/],
  ["a probability above 1", "sample", ["--topP", "1.5"], /at most 1/],
  ["blocks longer than the context", "sample", [
    ...WHOLE,
    "--length=80",
    "--block=40",
  ], /1 to 32 at a time/],
];

Deno.test("commands answer bad input with one sentence and exit code 2", { ignore }, async (t) => {
  const folder = await prepareFolder();
  const trained = await run(folder, "train", [
    ...smoke,
    "--steps=2",
    "--corpus=text.txt",
    "--out=.",
  ]);
  assert.equal(trained.code, 0, trained.stderr);
  const bytes = await Deno.readFile(`${folder}/checkpoint.safetensors`);
  await Deno.rename(`${folder}/checkpoint.safetensors`, `${folder}/whole.safetensors`);
  await Deno.writeFile(`${folder}/cut.safetensors`, bytes.subarray(0, bytes.length / 2));

  const before = await snapshot(folder);
  for (const [what, name, args, sentence] of [...BAD_INPUT, ...(onWindows ? [] : BAD_PATHS)]) {
    await t.step(what, async () => {
      const { code, stderr, stdout } = await run(folder, name, args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, sentence);
      assert.match(stderr, /^[^\n]+\.$/, "one sentence on one line");
      assert.deepEqual(await snapshot(folder), before);
    });
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test(
  "sample fills holes, by any sampler, and writes on beyond the context",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    await run(folder, "train", [...smoke, "--steps=2", "--corpus=text.txt", "--out=."]);
    const sample = async (...args: string[]) => {
      const model = "--model=checkpoint.safetensors";
      const { code, stdout, stderr } = await run(folder, "sample", [model, "--json", ...args]);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout.split("\n").at(-1)!);
    };
    const infill = "It was [5] of [0-2]times";
    for (const sampler of ["ancestral", "low-confidence", "remasking-loop", "threshold"]) {
      const result = await sample(
        "--infill",
        infill,
        "--sampler",
        sampler,
        "--count=3",
        "--topK=5",
      );
      assert.equal(result.sampler, sampler);
      assert.equal(result.texts.length, 3);
      for (const text of result.texts) assert.match(text, /^It was .{5} of .{0,2}times$/su);
    }
    const long = await sample("--prompt=It was", "--length=100", "--gif=long.gif", "--seed=3");
    assert.match(long.texts[0], /^It was.{94}$/su);
    assert.equal(long.seed, 3);
    assert(long.evaluations > 0 && long.evaluations <= 94);
    const gif = await Deno.readFile(`${folder}/long.gif`);
    assert.equal(new TextDecoder().decode(gif.subarray(0, 6)), "GIF89a");
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "train learns any UTF-8 text and gives the same losses for a seed",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    const train = async (seed: number, out: string) => {
      const args = [...smoke, "--steps=5", "--corpus=text.txt", `--seed=${seed}`, `--out=${out}`];
      const { code, stdout, stderr } = await run(folder, "train", args);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout.split("\n").at(-1)!);
    };
    const [first, again, other] = [await train(1, "a"), await train(1, "b"), await train(2, "c")];
    assert.equal(first.trainNats, again.trainNats);
    assert.equal(first.valBitsPerChar, again.valBitsPerChar);
    assert.notEqual(first.trainNats, other.trainNats);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "train starts from a model, of its size, with a context of its own",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    const train = async (...args: string[]) => {
      const more = ["--preset=smoke", "--workers=0", "--json", "--corpus=text.txt"];
      const { code, stdout, stderr } = await run(folder, "train", [...more, ...args]);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout.split("\n").at(-1)!);
    };
    await train("--steps=30", "--layers=1", "--width=16", "--heads=1", "--out=first");
    const from = ["--from=first/checkpoint.safetensors", "--context=40", "--steps=1"];
    const second = await train(...from, "--out=second");
    const fresh = await train("--layers=1", "--width=16", "--heads=1", "--steps=1", "--out=fresh");
    assert.ok(second.trainNats < fresh.trainNats - 0.5, `${second.trainNats}`);
    const { config } = await loadCheckpoint(`${folder}/second/checkpoint.safetensors`);
    assert.deepEqual([config.layers, config.width, config.context], [1, 16, 40]);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "the causal twin is trained and measured exactly, and cannot be sampled",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    const args = [...smoke, "--causal", "--steps=5", "--corpus=text.txt", "--out=."];
    const trained = await run(folder, "train", args);
    assert.equal(trained.code, 0, trained.stderr);
    const { valBitsPerChar } = JSON.parse(trained.stdout.split("\n").at(-1)!);

    const model = ["--model", "checkpoint.safetensors"];
    const measure = ["--corpus=text.txt", "--json"];
    const { stdout } = await run(folder, "evaluate", [...model, ...measure]);
    const { bitsPerChar, standardError, causal } = JSON.parse(stdout);
    assert.equal(bitsPerChar, valBitsPerChar);
    assert.deepEqual([standardError, causal], [0, true]);

    const { code, stderr } = await run(folder, "sample", model);
    assert.equal(code, 2);
    assert.match(stderr, /cannot fill in masks/);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "a model of Moby-Dick is measured and trained on with the text that its checkpoint names",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    const train = [...smoke, ...TINY, "--out=."];
    const commands: [name: string, args: string[]][] = [
      ["train", [...train, "--steps=1", "--corpus=moby-dick"]],
      ["evaluate", ["--model=checkpoint.safetensors", "--json"]],
      ["train", [...train, "--steps=2", "--resume"]],
    ];
    for (const [name, args] of commands) {
      const { code, stdout, stderr } = await run(folder, name, args);
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout.split("\n").at(-1)!).corpus, "moby-dick");
    }
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "train names its kernels, and says if a run goes on with others",
  { ignore },
  async () => {
    const folder = await prepareFolder();
    const args = [...smoke, ...TINY, "--out=.", "--kernels=wasm", "--corpus=text.txt"];
    const first = await run(folder, "train", [...args, "--steps=1"]);
    const { kernels } = JSON.parse(first.stdout.split("\n").at(-1)!);
    const path = `${folder}/checkpoint.safetensors`;
    const checkpoint = await loadCheckpoint(path);
    assert.equal(checkpoint.kernels, kernels);
    const same = await run(folder, "train", [...args, "--resume", "--steps=2"]);
    assert.equal(same.code, 0, same.stderr);
    assert.doesNotMatch(same.stderr, /kernels/);
    await saveCheckpoint(path, { ...await loadCheckpoint(path), kernels: "other" });
    const other = await run(folder, "train", [...args, "--resume", "--steps=3"]);
    assert.equal(other.code, 0, other.stderr);
    assert.match(
      other.stderr,
      /with other kernels and goes on with .+ may differ in its last digits/,
    );
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("evaluate --baselines measures a text without any model", { ignore }, async () => {
  const folder = await prepareFolder();
  const args = ["--baselines", "--corpus=text.txt", "--json"];
  const { stdout } = await run(folder, "evaluate", args);
  const { corpus, bitsPerChar } = JSON.parse(stdout);
  assert.equal(corpus, "text.txt");
  assert.equal(Object.keys(bitsPerChar).length, 8);
  assert(bitsPerChar.trigram < bitsPerChar.unigram);
  await Deno.remove(folder, { recursive: true });
});
