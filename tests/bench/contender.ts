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
import { tf } from "dlm/backend/backend.ts";
import { nativeKernels } from "dlm/backend/kernels/_native.ts";
import { installKernels } from "dlm/backend/kernels/mod.ts";
import { CEILING_ROUNDS, type Contest } from "dlm/cli/bench/_contender.ts";
import { createCrew, predictInWorkers } from "dlm/crew/crew.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { exactCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";

const VOCABULARY = 65;

async function trainer(contest: Contest): Promise<() => Promise<void>> {
  const { context, batch, microBatch, workers = 0 } = contest;
  const config = { ...contest, vocabularySize: VOCABULARY, causal: false };
  const start = { parameters: initialParameters(config, new Rng(1)) };
  const options = { config, start, microBatch };
  const learner = workers > 0
    ? await createCrew({ workers }).learner(options)
    : createLearner(options);
  const rng = new Rng(2);
  let step = 0;
  return async () => {
    const windows = Array.from(
      { length: batch },
      () => Int32Array.from({ length: context }, () => rng.integer(VOCABULARY)),
    );
    const noisy = exactCountNoise(windows, { maskId: VOCABULARY, rng });
    await learner.step(noisy, {
      step: ++step,
      learningRate: 1e-3,
      matrixLearningRate: 1e-2,
    });
  };
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
  const { kernels } = nativeKernels(tf.backend() as BackendWasm);
  return () => void kernels.multiplyAdds(CEILING_ROUNDS);
}

const contest: Contest | { task: "ceiling"; stock?: false } = JSON.parse(Deno.args[0]!);
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
