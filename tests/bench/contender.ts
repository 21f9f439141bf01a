/**
 * One of those that `deno task bench` compares: says "ready", then answers every line on
 * standard input with the seconds that an optimisation step took, or the sampling of a batch. It
 * goes on for two seconds at least, since a run has many steps and wakes up for the first alone.
 *
 *     deno run -A tests/bench/contender.ts '{"task": "train", "workers": 2, "layers": 4, …}'
 */
import { createInterface } from "node:readline";
import process from "node:process";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { kernelInstance } from "dlm/backend/kernels/_instance.ts";
import { installKernels } from "dlm/backend/kernels/mod.ts";
import { CEILING_ROUNDS, type Contest } from "./_process.ts";
import { createCorpus } from "dlm/corpus.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { startRun } from "dlm/training/run.ts";

const VOCABULARY = 65;

/** As many characters as tiny Shakespeare has. */
const TEXT_LENGTH = 1_115_394;

/** Training as `deno task train` does it, from a text; only nothing is evaluated. */
async function trainer(contest: Contest): Promise<() => Promise<void>> {
  const rng = new Rng(2);
  const characters = Array.from({ length: TEXT_LENGTH }, () => 32 + rng.integer(VOCABULARY));
  const text = new TextDecoder().decode(Uint8Array.from(characters));
  const run = await startRun(createCorpus("random characters", text), {
    ...contest,
    learningRate: 1e-3,
    matrixLearningRate: 1e-2,
    warmupSteps: 0,
    steps: Number.MAX_SAFE_INTEGER,
    evaluateEvery: Number.MAX_SAFE_INTEGER,
    evaluationWindows: 2,
    seed: 1,
    workers: contest.workers ?? 0,
  });
  const steps = run.train();
  return async () => void await steps.next();
}

function sampler(contest: Contest): () => Promise<void> {
  const config = { ...contest, vocabularySize: VOCABULARY, causal: false };
  const model = new Transformer(config, initialParameters(config, new Rng(1)));
  const { batch, context, steps, workers = 0 } = contest;
  const predictor = workers > 0 ? predictInWorkers(model, { workers }) : model;
  const templates = Array.from(
    { length: batch },
    () => new Int32Array(context).fill(VOCABULARY),
  );
  const rng = new Rng(2);
  return async () => {
    await lastFrame(sample(predictor, templates, { steps, rng }));
  };
}

/** Multiply-adds that wait for nothing: the most that one core could do. */
function ceiling(): () => void {
  const { kernels } = kernelInstance(tf.backend() as BackendWasm);
  return () => void kernels.multiplyAdds(CEILING_ROUNDS);
}

type Ceiling = { task: "ceiling"; stock?: false; kernels?: undefined; backend?: undefined };
const contest: Contest | Ceiling = JSON.parse(Deno.args[0]!);
await useBackend(contest.backend ?? "wasm", { kernels: contest.kernels });
if (contest.stock) installKernels("none");
const round = contest.task === "ceiling"
  ? ceiling()
  : contest.task === "train"
  ? await trainer(contest)
  : sampler(contest);
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  let [times, seconds] = [0, 0];
  while (seconds < 2) {
    await round();
    times++;
    seconds = (performance.now() - start) / 1000;
  }
  console.log(seconds / times);
}
Deno.exit(); // ends the Workers too
