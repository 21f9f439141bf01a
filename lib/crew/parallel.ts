import { createExchange, type Exchange } from "dlm/optimizer/team.ts";
import { createTeammate } from "dlm/crew/_teammate.ts";
import type { NamedArrays } from "dlm/backend/variables.ts";
import type { Learner, LearnerOptions, LearnerState, StepResult } from "dlm/crew/learner.ts";
import { parameterCount } from "dlm/model.ts";
import type { NoisySequence } from "dlm/objective.ts";
import type { Step } from "dlm/optimizer/optimizer.ts";

/** Options for {@linkcode createParallelLearner}. */
export interface ParallelLearnerOptions extends LearnerOptions {
  /** How many Workers share the work; more than there are cores is no gain. */
  workers: number;
}

/** What a Worker is asked to do. */
export type Task =
  | { kind: "start"; options: LearnerOptions; rank: number; exchange: Exchange }
  | { kind: "step"; batch: readonly NoisySequence[]; step: Step }
  | { kind: "read"; part: keyof LearnerState };

/**
 * The same learner over several Workers. Each has a copy of the model and takes its share
 * of every batch and of every step; the gradients are added in a fixed order, so that all
 * copies stay the same; the thread that called stays free. How many there are changes a run no more
 * than the order of a sum does.
 *
 * @throws {RangeError} if there are fewer sequences in a batch than Workers
 * @throws {Error} if a Worker dies; the others are then ended too
 */
export async function createParallelLearner(
  options: ParallelLearnerOptions,
): Promise<Learner> {
  const { workers, config, start, microBatch } = options;
  const exchange = createExchange(workers, parameterCount(config));
  const program = new URL("./_learner_worker.ts", import.meta.url);
  const team = Array.from(
    { length: workers },
    () => createTeammate<Task>(program, "training run"),
  );
  const dispose = () => team.forEach((mate) => mate[Symbol.dispose]());

  /** Asks all of them at once; if one fails, none can go on. */
  async function askAll<Answer>(
    task: (rank: number) => Task,
  ): Promise<Answer[]> {
    try {
      return await Promise.all(
        team.map((mate, rank) => mate.ask<Answer>(task(rank))),
      );
    } catch (error) {
      dispose();
      throw error;
    }
  }

  const learnerOptions = { config, start, microBatch };
  await askAll((rank) => ({
    kind: "start",
    options: learnerOptions,
    rank,
    exchange,
  }));
  return {
    async step(batch, step) {
      if (batch.length < workers) {
        throw new RangeError(
          `A batch of ${batch.length} cannot be shared by ${workers} Workers: take fewer Workers or a larger batch.`,
        );
      }
      // Neighbours in a batch have like numbers of masks: dealing them out evens the work.
      const share = (rank: number) => batch.filter((_, i) => i % workers === rank);
      const results = await askAll<StepResult>((rank) => ({
        kind: "step",
        batch: share(rank),
        step,
      }));
      return results[0]!;
    },
    async read(part) {
      const shares = await askAll<NamedArrays>(() => ({ kind: "read", part }));
      return Object.assign({}, ...shares);
    },
    [Symbol.asyncDispose]() {
      dispose();
      return Promise.resolve();
    },
  };
}
