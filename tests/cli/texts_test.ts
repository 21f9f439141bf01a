import assert from "node:assert/strict";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { encodeCheckpoint } from "dlm/training/checkpoint_format.ts";
import { command, inFreshProject } from "../course/_project.ts";

/** Asks twice for a text that cannot be had, and prints what came of it. */
const ASKING = `
  import { loadCorpus } from "dlm/corpus.ts";
  const [names, notices] = [[], []];
  for (let i = 0; i < 2; i++) {
    const corpus = await loadCorpus("tinyshakespeare", { onNotice: (said) => notices.push(said) });
    names.push(corpus.name);
  }
  console.log(JSON.stringify({ names, notices }));
`;

// These start processes and write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const LINES = "It was the best of times.\nIt was the worst of times.\n".repeat(100);
const TINY = ["--preset=smoke", "--workers=0", "--layers=1", "--width=8", "--heads=1", "--steps=1"];
const MODEL = "--model=runs/a/checkpoint.safetensors";

/** A project with a text of 200 lines and a model that learned from it. */
async function withModel(folder: string, text = LINES): Promise<string> {
  await Deno.writeTextFile(`${folder}/text.txt`, text);
  const args = ["--corpus=text.txt", "--out=runs/a", ...TINY];
  const { code, stderr } = await command(folder, "train", ...args);
  assert.equal(code, 0, stderr);
  return stderr;
}

Deno.test(
  "every command that takes a text says which are known by name",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      for (const name of ["train", "evaluate", "text"]) {
        const { stdout } = await command(folder, name, "--help");
        assert.match(stdout, /tinyshakespeare, moby-dick/);
      }
    }),
);

Deno.test("evaluate says that the model's text cannot be had, and takes no other", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    const { code, stdout, stderr } = await command(folder, "evaluate", "--model=laptop");
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr.split("\n").at(-1)!,
      /^tiny Shakespeare cannot be had here \(.+\): put .+ at data\/cache\/tinyshakespeare\.txt to/,
    );
  }));

Deno.test("evaluate says that the model's text has changed, and measures it if told to", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    await withModel(folder);
    await Deno.writeTextFile(`${folder}/text.txt`, LINES.toLowerCase().replaceAll("i", "I"));
    const { code, stderr } = await command(folder, "evaluate", MODEL);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^The model learned from a text called text\.txt, which cannot be found .+--corpus\.$/,
    );
    const named = await command(folder, "evaluate", MODEL, "--corpus=text.txt");
    assert.equal(named.code, 0, named.stderr);
  }));

Deno.test(
  "evaluate counts lines in the file, not in the split",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await withModel(folder);
      await Deno.writeTextFile(
        `${folder}/other.txt`,
        LINES + "A “quotation”\n" + LINES.slice(0, 99),
      );
      const { code, stderr } = await command(folder, "evaluate", MODEL, "--corpus=other.txt");
      assert.equal(code, 2);
      assert.match(
        stderr.split("\n").at(-1)!,
        /^The character "A" \(U\+0041\) at line 201, column 1 is not one/,
      );
    }),
);

Deno.test("a checkpoint whose vocabulary has more than characters is refused in a sentence", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    await withModel(folder);
    const path = `${folder}/runs/a/checkpoint.safetensors`;
    const checkpoint = await loadCheckpoint(path);
    const characters = ["<mask>", ...checkpoint.characters.slice(1)];
    await Deno.writeFile(path, encodeCheckpoint({ ...checkpoint, characters }));
    const { code, stderr } = await command(folder, "sample", MODEL);
    assert.equal(code, 2);
    assert.match(stderr, /^[^\n]+: its vocabulary is not a list of single characters\.$/);
  }));

Deno.test("train says at its end that a sorted list is split into parts unlike each other", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    const sorted = letters.flatMap((a) => letters.map((b) => `${a}${b}\n`)).join("");
    assert.match(await withModel(folder, sorted), /other characters than the training part, as/);
  }));

Deno.test("where tiny Shakespeare cannot be had the text is Moby-Dick, which is said once", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    await Deno.writeTextFile(`${folder}/ask.ts`, ASKING);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--quiet", "-A", "--deny-net", "ask.ts"],
      cwd: folder,
    }).output();
    const { names, notices } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(names, ["moby-dick", "moby-dick"]);
    assert.equal(notices.length, 2);
    assert.match(notices[0], /^Downloading tiny Shakespeare/); // in vain
    assert.match(notices[1], /cannot be had here .* so the text is Moby-Dick.* at data\/cache/);
  }));
