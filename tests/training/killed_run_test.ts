import assert from "node:assert/strict";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { createCorpus } from "dlm/corpus.ts";
import { PRESETS, type RunSettings } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import { startRun } from "dlm/training/run.ts";

// This starts processes and writes files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const text = "it was the best of times, it was the worst of times\n".repeat(20);

const settings: RunSettings = {
  ...PRESETS.smoke,
  width: 16,
  context: 16,
  batch: 4,
  microBatch: 2,
  steps: 400,
  evaluateEvery: 400,
  evaluationWindows: 2,
  seed: 1,
  workers: 0,
};

/** Starts or resumes the run in a folder, and saves it after every step: the loss first, then the file. */
const program = `
  import { loadCheckpoint } from "dlm/training/checkpoint.ts";
  import { createCorpus } from "dlm/corpus.ts";
  import { resumeRun, startRun } from "dlm/training/run.ts";
  import { claimRunFolder } from "dlm/training/run_folder.ts";

  const { folder, text, settings } = JSON.parse(Deno.env.get("RUN"));
  await using claimed = await claimRunFolder(folder);
  const path = claimed.checkpoint;
  const corpus = createCorpus("times", text);
  const there = await Deno.stat(path).then(() => true, () => false);
  await using run = await (there
    ? resumeRun(corpus, await loadCheckpoint(path))
    : startRun(corpus, settings));
  for await (const { step, loss } of run.train()) {
    console.log(JSON.stringify([step, loss]));
    await run.save(path);
  }
`;

/** Runs the program, which is killed some milliseconds after its first so many steps; what it printed. */
async function live(
  folder: string,
  death: { steps: number; milliseconds: number },
): Promise<[step: number, loss: number][]> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: { RUN: JSON.stringify({ folder, text, settings }) },
    stdout: "piped",
  }).spawn();
  let printed = "";
  let doomed = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += chunk;
    if (doomed || printed.split("\n").length <= death.steps) continue;
    doomed = true;
    setTimeout(() => child.kill("SIGKILL"), death.milliseconds);
  }
  const { signal, success } = await child.status;
  assert(success || signal === "SIGKILL", "a run ended by itself, but not well");
  return printed.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function names(folder: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
}

async function checkpoints(folder: string): Promise<string[]> {
  return (await names(folder)).filter((name) => name.endsWith(".safetensors"));
}

Deno.test(
  "a run that is killed at 30 random moments, and resumed after each, takes the steps of one that is not",
  { ignore },
  async () => {
    await using whole = await startRun(createCorpus("times", text), settings);
    const expected = await Array.fromAsync(whole.train(), ({ step, loss }) => [step, loss]);
    const folder = await Deno.makeTempDir();
    try {
      const rng = new Rng(1);
      const curve = new Map<number, number>();
      let kills = 0;
      for (let last = 0; last < expected.length;) {
        const spared = kills === 30;
        const steps = spared ? Infinity : 1 + rng.integer(5);
        const lines = await live(folder, { steps, milliseconds: 20 * rng.uniform() });
        if (!spared) kills++;
        for (const [step, loss] of lines) curve.set(step, loss);
        for (const name of await checkpoints(folder)) await loadCheckpoint(`${folder}/${name}`);
        last = lines.at(-1)![0];
      }
      assert.equal(kills, 30);
      assert.deepEqual([...curve], expected);
      assert.equal((await checkpoints(folder)).length, 2);
      assert.equal((await names(folder)).length, 3, "leftovers"); // and the lock
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
