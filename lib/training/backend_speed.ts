import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { installKernels, type KernelSet } from "dlm/backend/kernels/mod.ts";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { createCrew, predictInWorkers, usefulWorkers } from "dlm/crew/crew.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import { initialParameters, Transformer, type TransformerConfig } from "dlm/model.ts";
import { rootCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** What is about to be computed, as far as its size goes. */
export interface Workload {
  /** Whether a model learns, or answers. */
  task: "train" | "predict";
  config: TransformerConfig;
  /** How many sequences a step has, or an answer. */
  batch: number;
  /** How many of them go through the model at once in training. */
  microBatch?: number;
  /** How many Workers share the work, where they can.
   * @default {one a core, or none if kernels are named}
   */
  workers?: number | undefined;
  /** Which kernels of the library compute, in this thread.
   * @default {those that were chosen}
   */
  kernels?: KernelSet;
}

/** How long a backend is watched at work, in milliseconds. */
const PATIENCE = 1000;

/** What came of some work. */
export interface Measured {
  /** How often a second it was done. */
  speed: number;
  /** What it found at first: in training the losses of two steps, else logits. */
  numbers: readonly number[];
}

/**
 * How often a second the current backend does some work, and what it finds, to be compared with
 * others. It is first done twice without a clock: then all is compiled, be it shaders or what V8
 * finds worth its while.
 *
 * @param patience how long to watch, in milliseconds; the work is done once at least
 * @throws {Interrupted} if a Stop comes
 */
export async function measureSpeed(workload: Workload, patience = PATIENCE): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  if (workload.kernels) {
    stack.defer(() => void installKernels());
    installKernels(workload.kernels);
  }
  const work = await (workload.task === "train" ? learning : answering)(workload, stack);
  using interrupt = listenForInterrupt();
  const doOnce = async () => {
    const found = await work();
    await interrupt.check("while backends were compared");
    return found;
  };
  const numbers = [...await doOnce(), ...await doOnce()];
  const start = performance.now();
  let times = 0;
  do {
    await doOnce();
    times++;
  } while (performance.now() - start < patience);
  return { speed: times / (performance.now() - start) * 1000, numbers };
}

type Work = () => Promise<Iterable<number>>;

/** Steps of a model that learned nothing. */
async function learning(workload: Workload, stack: AsyncDisposableStack): Promise<Work> {
  const { config, batch: size, microBatch = size, kernels } = workload;
  const { workers = kernels ? 0 : usefulWorkers() } = workload;
  const parameters = opinions(config);
  const options = { config, start: { parameters }, microBatch };
  const learner = stack.use(
    usefulWorkers() > 0 && workers > 0
      ? await createCrew({ workers: Math.min(workers, size) }).learner(options)
      : createLearner(options),
  );
  const rates = { learningRate: 1e-3, matrixLearningRate: 1e-2 };
  let step = 0;
  return async () => [(await learner.step(randomBatch(workload), { step: ++step, ...rates })).loss];
}

/** Answers of a model that learned nothing. */
function answering(workload: Workload, stack: AsyncDisposableStack): Promise<Work> {
  const { config, kernels } = workload;
  const { workers = kernels ? 0 : usefulWorkers() } = workload;
  const model = stack.use(new Transformer(config, opinions(config)));
  const predictor = workers > 0
    ? stack.use(predictInWorkers(model, { workers }))
    : predictorOf(model);
  return Promise.resolve(() => predictor.logits(randomBatch(workload)));
}

/** First parameters with a random head: after one of zeros, all numbers would be alike. */
function opinions(config: TransformerConfig): NamedArrays {
  const { head, ...parameters } = initialParameters(config, new Rng(1));
  const rng = new Rng(3);
  return { ...parameters, head: head!.map(() => rng.normal() / Math.sqrt(config.width)) };
}

/** Random characters, some of them masked. */
function randomBatch({ config: { vocabularySize, context }, batch }: Workload) {
  const rng = new Rng(2);
  const windows = Array.from(
    { length: Math.ceil(batch / rootCountNoise.readings!) },
    () => Int32Array.from({ length: context }, () => rng.integer(vocabularySize)),
  );
  return rootCountNoise(windows, { maskId: vocabularySize, rng, size: batch });
}
