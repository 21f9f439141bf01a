/// <reference lib="deno.worker" />
import type { Batch, NoisyBatch } from "dlm/batch.ts";
import { installKernels, type KernelSet } from "dlm/backend/kernels/mod.ts";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { type PackedError, packError } from "dlm/crew/_errors.ts";
import {
  createLearner,
  type Learner,
  type LearnerOptions,
  type LearnerState,
} from "dlm/crew/learner.ts";
import { logitsOf, surprisalsOf } from "dlm/crew/predictor.ts";
import { Transformer, type TransformerConfig } from "dlm/model.ts";
import type { Step } from "dlm/optimizer/optimizer.ts";
import { type Exchange, joinTeam } from "dlm/optimizer/team.ts";

// The program of a Worker of a crew: it answers one task after the other.

/** What a member of a crew is asked to do. */
export type Task =
  | { kind: "kernels"; set: KernelSet }
  | { kind: "learn"; options: LearnerOptions; rank: number; exchange: Exchange }
  | { kind: "step"; batch: NoisyBatch; step: Step }
  | { kind: "state"; part: keyof LearnerState }
  | { kind: "load"; config: TransformerConfig; parameters: NamedArrays }
  | { kind: "forget" }
  | { kind: "logits"; batch: Batch }
  | { kind: "surprisals"; batch: NoisyBatch };

/** The answer to a task, or what went wrong. */
export type Reply = { answer: unknown } | { error: PackedError };

let learner: Learner | undefined;
let model: Transformer | undefined;

async function answer(task: Task): Promise<unknown> {
  switch (task.kind) {
    case "kernels":
      installKernels(task.set);
      return;
    case "learn":
      await learner?.[Symbol.asyncDispose]();
      learner = createLearner(task.options, joinTeam(task.exchange, task.rank));
      return;
    case "step":
      return await learner!.step(task.batch, task.step);
    case "state":
      return await learner!.state(task.part);
    case "load":
      model?.[Symbol.dispose]();
      model = undefined; // if there is no room for the next one
      model = new Transformer(task.config, task.parameters);
      return;
    case "forget":
      model?.[Symbol.dispose]();
      model = undefined;
      return;
    case "logits":
      return await logitsOf(model!, task.batch);
    case "surprisals":
      return await surprisalsOf(model!, task.batch);
  }
}

async function reply(task: Task): Promise<Reply> {
  try {
    return { answer: await answer(task) };
  } catch (error) {
    return { error: packError(error) };
  }
}

let turn = Promise.resolve();
self.addEventListener("message", ({ data }: MessageEvent<Task>) => {
  turn = turn.then(async () => {
    const found = await reply(data);
    const moved = "answer" in found && found.answer instanceof Float32Array;
    try {
      self.postMessage(found, moved ? [(found.answer as Float32Array<ArrayBuffer>).buffer] : []);
    } catch (error) {
      self.postMessage({ error: packError(error) }); // as when there is no memory for a copy
    }
  });
});
// A message that came while the modules were still loading would be lost: ask for the first.
self.postMessage({ answer: "ready" } satisfies Reply);
