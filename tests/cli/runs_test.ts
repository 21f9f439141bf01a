import assert from "node:assert/strict";
import { loadCheckpoint, saveCheckpoint } from "dlm/training/checkpoint.ts";
import { claimRunFolder } from "dlm/training/run_folder.ts";
import { command, inFreshProject } from "../course/_project.ts";
import { unfinished } from "../training/_checkpoints.ts";

// These start processes and write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const TEXT = "it was the best of times, it was the worst of times\n".repeat(100);

/** The quickest run that there is. */
const TINY = ["--preset=smoke", "--workers=0", "--layers=1", "--width=8", "--heads=1"];

/** Does something in a fresh project with a text. */
async function inProject(run: (folder: string) => Promise<void>): Promise<void> {
  await inFreshProject(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.txt`, TEXT);
    await run(folder);
  });
}

Deno.test("two runs that start at once have a folder each, and train says which", {
  ignore,
}, async () => {
  await inProject(async (folder) => {
    const start = () =>
      command(folder, "train", ...TINY, "--steps=1", "--json", "--corpus=text.txt");
    const runs = await Promise.all([start(), start()]);
    for (const { code, stderr } of runs) assert.equal(code, 0, stderr);
    const places = runs.map(({ stdout }) => JSON.parse(stdout.split("\n").at(-1)!).checkpoint);
    const expected = [1, 2].map((n) => `runs/smoke-${n}/checkpoint.safetensors`);
    assert.deepEqual(places.toSorted(), expected);
    for (const [i, { stderr }] of runs.entries()) {
      assert.ok(stderr.includes(`The model is in ${places[i]}.`), stderr);
    }
  });
});

Deno.test("train --resume takes the newest run, unless somebody trains there", {
  ignore,
}, async () => {
  await inProject(async (folder) => {
    const nothing = await command(folder, "train", "--resume");
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /^There is no run in runs [^\n]+\.$/);
    for (const seed of ["--seed=1", "--seed=2"]) {
      const started = await command(
        folder,
        "train",
        ...TINY,
        "--steps=1",
        "--corpus=text.txt",
        seed,
      );
      assert.equal(started.code, 0, started.stderr);
    }
    const resumed = await command(
      folder,
      "train",
      "--resume",
      "--corpus=text.txt",
      "--steps=2",
      "--json",
    );
    assert.equal(resumed.code, 0, resumed.stderr);
    const { checkpoint, steps } = JSON.parse(resumed.stdout.split("\n").at(-1)!);
    assert.deepEqual([checkpoint, steps], ["runs/smoke-2/checkpoint.safetensors", 2]);

    await using _ = await claimRunFolder(`${folder}/runs/smoke-2`);
    const second = await command(folder, "train", "--resume", "--corpus=text.txt", "--steps=3");
    assert.equal(second.code, 2);
    assert.match(second.stderr, /^Another process trains in runs\/smoke-2: [^\n]+\.$/);
  });
});

for (const [signal, exit] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", 130]] as const) {
  Deno.test(`train saves what it has on ${signal}, and says how to go on`, {
    ignore: ignore || Deno.build.os === "windows",
  }, async () => {
    await inProject(async (folder) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--quiet", "-A", "lib/cli/train.ts", ...TINY]
          .concat("--steps=1000000", "--evaluate-every=20", "--corpus=text.txt", "--out=run"),
        cwd: folder,
        env: { NO_COLOR: "1", INIT_CWD: folder },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      let said = "";
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
        const before = said;
        said += text;
        if (!/step 20:/.test(before) && /step 20:/.test(said)) child.kill(signal);
      }
      await child.stdout.cancel();
      assert.equal((await child.status).code, exit, said);
      const [, step] = said.match(
        /Stopped after step (\d+), .*--resume --out run and --corpus, the path of text\.txt\.\n$/,
      ) ?? [];
      const { training } = await loadCheckpoint(`${folder}/run/checkpoint.safetensors`);
      assert.equal(training!.done.step, Number(step), said);
      assert(Number(step) >= 20);
    });
  });
}

Deno.test("export does not replace the model that it reads, whatever that is called", {
  ignore,
}, async () => {
  await inProject(async (folder) => {
    const path = `${folder}/model.safetensors`;
    await saveCheckpoint(path, unfinished);
    await Deno.symlink(folder, `${folder}/link`);
    const before = await Deno.readFile(path);
    for (const model of ["model.safetensors", "link/model.safetensors"]) {
      const { code, stderr } = await command(folder, "export", "--model", model, "--out=.");
      assert.equal(code, 2);
      assert.match(stderr, /^model\.safetensors is the model itself[^\n]+\.$/);
    }
    assert.deepEqual(await Deno.readFile(path), before);
    assert.deepEqual(await Deno.stat(`${folder}/model.onnx`).catch(() => "none"), "none");
  });
});

Deno.test("what was exported is a copy: the run stays the model that commands take", {
  ignore,
}, async () => {
  await inProject(async (folder) => {
    await command(folder, "text", "text.txt");
    const trained = await command(folder, "train", ...TINY, "--steps=1", "--json");
    assert.equal(trained.code, 0, trained.stderr);
    for (const half of [[], ["--half"]]) { // the second export does not find the first one
      const { code, stderr } = await command(folder, "export", ...half);
      assert.equal(code, 0, stderr);
    }
    await Deno.writeTextFile(`${folder}/find.ts`, FINDING);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--quiet", "-A", "find.ts"],
      cwd: folder,
    }).output();
    assert.match(new TextDecoder().decode(stdout), /runs\/smoke-1\/checkpoint\.safetensors\n$/);
  });
});

/** Names the reader's own model of a text. */
const FINDING = `
  import { fingerprintOf } from "dlm/corpus.ts";
  import { findModel } from "dlm/training/known_models.ts";
  console.log((await findModel(await fingerprintOf("text.txt"), { prefer: "yours" })).path);
`;
