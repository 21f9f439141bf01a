import { tf } from "dlm/backend/backend.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { type NamedArrays, readAll } from "dlm/backend/variables.ts";
import { type Batch, join, longestOf, type NoisyBatch, partsOf, sliceBatch } from "dlm/batch.ts";
import { type Member, startMember } from "dlm/crew/_member.ts";
import type { Task } from "dlm/crew/_worker.ts";
import { checkFootprint, predictionFootprint } from "dlm/crew/footprint.ts";
import type { Learner, LearnerOptions, StepResult } from "dlm/crew/learner.ts";
import {
  mostAtOnce,
  type Pace,
  type Predictor,
  predictorOf,
  untilStopped,
} from "dlm/crew/predictor.ts";
import { parameterCount, type Transformer, type TransformerConfig } from "dlm/model.ts";
import { createExchange } from "dlm/optimizer/team.ts";

/** Options for {@linkcode createCrew}. */
export interface CrewOptions {
  /** How many Workers share the work; more than there are cores is no gain.
   * @default {the number of cores; with another backend than wasm there can be none}
   */
  workers?: number | undefined;
}

/**
 * Workers that share the work of a model, each with copies of its own: they learn together, or
 * answer together, and one crew can do both. Every Worker has a queue, so that nobody need wait
 * before asking again; the thread that asks stays free. Workers start at the first task.
 */
export interface Crew extends Disposable {
  /** How many Workers there are. */
  readonly size: number;
  /**
   * The learner of {@linkcode createLearner} in all of them: each takes its share of every batch
   * and of every step. The gradients are added in a fixed order, so that all copies stay the same;
   * how many Workers there are changes a run no more than the order of a sum does. The one before
   * learns no longer; disposing of either ends the whole crew.
   *
   * @throws {RangeError} if the options make no sense
   * @throws {Error} if a Worker dies; the others are then ended too
   */
  learner(options: LearnerOptions): Promise<Learner>;
  /**
   * The predictor of a model in all of them, in the place of the one before: they share the
   * sequences of every batch, and answer what the model itself would, to the last bit (on a Mac,
   * whose products are the system's, but for rounding). The one before answers no longer.
   *
   * @throws {RangeError} if the parameters do not fit the config
   */
  predictor(model: { config: TransformerConfig; parameters: NamedArrays }): Promise<
    Predictor & Disposable
  >;
}

/** How many Workers are worth having: one a core, but none beside a graphics card, which one
 * thread keeps busy, nor on the backend cpu. */
export function usefulWorkers(): number {
  return tf.getBackend() === "wasm" ? navigator.hardwareConcurrency : 0;
}

/**
 * A crew of Workers.
 *
 * @throws {RangeError} unless the number of Workers is a whole one of at least 1, and the backend
 * is wasm
 */
export function createCrew({ workers = navigator.hardwareConcurrency }: CrewOptions = {}): Crew {
  if (tf.getBackend() !== "wasm") {
    throw new RangeError(
      `Workers compute with the backend wasm, and this is ${tf.getBackend()}: ` +
        `take 0 Workers, or the backend wasm.`,
    );
  }
  if (!(Number.isSafeInteger(workers) && workers >= 1)) {
    throw new RangeError(
      `A crew cannot have ${workers} Workers: give a whole number of at least 1.`,
    );
  }
  let members: Member[] | undefined;
  let latest: unknown; // whose predictor the Workers have
  let learning: unknown; // and whose learner
  let ended = false;
  const all = () => {
    if (ended) throw new Error("This crew has been disposed of: create another one.");
    return members ??= Array.from({ length: workers }, startMember);
  };
  const dispose = () => {
    ended = true;
    members?.forEach((member) => member[Symbol.dispose]());
  };
  return {
    size: workers,
    async learner(options) {
      const own = learning = {};
      const exchange = createExchange(workers, parameterCount(options.config));
      await together(all(), (rank) => ({ kind: "learn", options, rank, exchange }), dispose);
      const check = () => {
        if (own !== learning) throw new Error("The Workers train another model by now.");
      };
      return learnerOf(all(), check, dispose);
    },
    async predictor({ config, parameters }) {
      const own = latest = {};
      // A batch is dealt out in parts, of which the later ones might find another model.
      const asking = (kind: "logits" | "surprisals") => (batch: Batch): Task => {
        if (own !== latest) {
          throw new Error("The Workers have forgotten this model: load it again.");
        }
        return { kind, batch: batch as NoisyBatch };
      };
      await Promise.all(all().map((member) => member.ask({ kind: "load", config, parameters })));
      const { vocabularySize, context, causal } = config;
      return {
        vocabularySize,
        context,
        causal,
        logits: async (batch) => await dealOut(all(), batch, asking("logits")),
        surprisals: (batch, onProgress) =>
          untilStopped(
            onProgress,
            async (pace) => await dealOut(all(), batch, asking("surprisals"), pace),
          ),
        [Symbol.dispose]() {
          if (own !== latest) return; // another model is in its place
          latest = undefined;
          for (const member of members ?? []) member.ask({ kind: "forget" }).catch(() => {}); // gone
        },
      };
    },
    [Symbol.dispose]: dispose,
  };
}

/**
 * A model's copies in a crew of their own, as a predictor: for whoever only wants answers. With
 * another backend than wasm there is no crew, and the model itself answers.
 *
 * @example
 * ```ts ignore
 * using predictor = predictInWorkers(model);
 * const { bitsPerCharacter } = await evaluate(predictor, corpus.validation);
 * ```
 *
 * @throws {RangeError} unless the number of Workers is a whole one of at least 1
 */
export function predictInWorkers(
  model: Transformer,
  options: CrewOptions = {},
): Predictor & Disposable {
  if (usefulWorkers() === 0) return { ...predictorOf(model), [Symbol.dispose]() {} };
  const { config, parameters } = model;
  const crew = createCrew(options);
  let loaded: Promise<Predictor> | undefined;
  const load = async () => {
    checkFootprint(`A model in ${crew.size} Workers`, predictionFootprint(config, crew.size));
    return await crew.predictor({ config, parameters: await readAll(parameters) });
  };
  const start = () =>
    loaded ??= load().catch((error) => {
      loaded = undefined; // next time there may be more memory
      throw error;
    });
  const { vocabularySize, context, causal } = config;
  return {
    vocabularySize,
    context,
    causal,
    logits: async (batch) => (await start()).logits(batch),
    async surprisals(batch, onProgress) {
      using interrupt = listenForInterrupt();
      const starting = () => "while the Workers were starting";
      const predictor = await interrupt.wait(start(), starting);
      return await predictor.surprisals(batch, onProgress);
    },
    [Symbol.dispose]: () => crew[Symbol.dispose](),
  };
}

function learnerOf(
  members: readonly Member[],
  check: () => void,
  dispose: () => void,
): Learner {
  return {
    async step(batch, step) {
      check();
      const { length: size } = members;
      const count = batch.lengths.length;
      if (count < size) {
        throw new RangeError(
          `A batch of ${count} cannot be shared by ${size} Workers: take fewer Workers or a larger batch.`,
        );
      }
      const border = (rank: number) => Math.floor(rank * count / size);
      const share = (rank: number) => sliceBatch(batch, border(rank), border(rank + 1));
      const task = (rank: number): Task => ({ kind: "step", batch: share(rank), step });
      const results = await together<StepResult>(members, task, dispose);
      const loss = results.reduce((sum, { loss }) => sum + loss, 0);
      return { ...results[0]!, loss };
    },
    async state(part) {
      check();
      const shares = await together<NamedArrays>(members, () => ({ kind: "state", part }), dispose);
      return Object.assign({}, ...shares);
    },
    [Symbol.asyncDispose]() {
      dispose();
      return Promise.resolve();
    },
  };
}

/** Asks all of them at once. If one fails, the others wait for it in vain, so that all are ended. */
async function together<Answer>(
  members: readonly Member[],
  task: (rank: number) => Task,
  dispose: () => void,
): Promise<Answer[]> {
  try {
    return await Promise.all(members.map((member, rank) => ask<Answer>(member, task(rank))));
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The answers to a batch, of which each member takes another part as soon as it is free. */
async function dealOut<B extends Batch>(
  members: readonly Member[],
  batch: B,
  task: (part: B) => Task,
  pace?: Pace,
): Promise<Float32Array> {
  const { length: count } = batch.lengths;
  const most = Math.min(mostAtOnce(longestOf(batch)), Math.ceil(count / members.length));
  const parts = partsOf(batch, most);
  const answers: Float32Array[] = [];
  let [next, done] = [0, 0];
  await Promise.all(members.map(async (member) => {
    for (const part of parts) { // one generator for all: each part goes to one of them
      const [place, { length }] = [next++, part.lengths];
      answers[place] = await ask<Float32Array>(member, task(part)); // which empties the part
      await pace?.((done += length) / count);
    }
  }));
  return join(Float32Array, answers);
}

/** Asks a member, to whom the batch of the task is handed over. */
function ask<Answer>(member: Member, task: Task): Promise<Answer> {
  const moved = "batch" in task ? Object.values(task.batch).map(({ buffer }) => buffer) : [];
  return member.ask<Answer>(task, moved);
}
