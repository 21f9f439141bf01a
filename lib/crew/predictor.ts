import { tf } from "dlm/backend/backend.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { type Batch, join, type NoisyBatch, partsOf } from "dlm/batch.ts";
import type { Denoiser } from "dlm/model.ts";
import { batchLogits } from "dlm/objective.ts";
import { surprisals } from "dlm/ops/cross_entropy.ts";

/** Hears the share done, in [0, 1]. */
export type OnProgress = (share: number) => void;

/**
 * A denoiser that is asked for numbers, wherever it computes them: in this thread
 * ({@linkcode predictorOf}) or in Workers (`createCrew`). The answers are the same.
 */
export interface Predictor extends Pick<Denoiser, "vocabularySize" | "context" | "causal"> {
  /** The logits of the places asked for, `[N, V]`. */
  logits(batch: Batch): Promise<Float32Array>;
  /**
   * `-log p` of the true characters of the places asked for, `[N]`, in nats.
   *
   * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before all is measured
   */
  surprisals(batch: NoisyBatch, onProgress?: OnProgress): Promise<Float32Array>;
}

/** How many sequences go through a model at once where no gradient is wanted. */
export const MOST_AT_ONCE = 32;

/** A denoiser as a predictor in this thread; what is one already stays as it is. */
export function predictorOf(model: Denoiser | Predictor): Predictor {
  if ("surprisals" in model) return model;
  const { vocabularySize, context, causal = false } = model;
  return {
    vocabularySize,
    context,
    causal,
    logits: (batch) => inParts(batch, (part) => logitsOf(model, part)),
    surprisals: (batch, onProgress) =>
      untilStopped(onProgress, (pace) => inParts(batch, (part) => surprisalsOf(model, part), pace)),
  };
}

/** Hears the share done of a measurement, and ends it if its reader stops it. */
export type Pace = (share: number) => Promise<void>;

/** Runs a measurement that tells of its progress and can be stopped. */
export async function untilStopped<Result>(
  onProgress: OnProgress | undefined,
  measure: (pace: Pace) => Promise<Result>,
): Promise<Result> {
  using interrupt = listenForInterrupt();
  let measured = 0;
  const reached = () => `with ${(100 * measured).toFixed(0)} % measured`;
  const result = measure(async (share) => {
    measured = share;
    await interrupt.check(reached());
    onProgress?.(share);
  });
  return await interrupt.wait(result, reached);
}

async function inParts<B extends Batch>(
  batch: B,
  answer: (part: B) => Promise<Float32Array>,
  pace?: Pace,
): Promise<Float32Array> {
  const answers: Float32Array[] = [];
  let done = 0;
  for (const part of partsOf(batch, MOST_AT_ONCE)) {
    answers.push(await answer(part));
    await pace?.((done += part.lengths.length) / batch.lengths.length);
  }
  return join(Float32Array, answers);
}

/** The logits of a batch whose sequences have one length, `[N, V]`. */
export async function logitsOf(denoiser: Denoiser, batch: Batch): Promise<Float32Array> {
  if (batch.rows.length === 0) return new Float32Array();
  return await numbersOf(batchLogits(denoiser, batch));
}

/** The surprisals of a batch whose sequences have one length, `[N]`, in nats. */
export async function surprisalsOf(denoiser: Denoiser, batch: NoisyBatch): Promise<Float32Array> {
  if (batch.rows.length === 0) return new Float32Array();
  return await numbersOf(
    tf.tidy(() => surprisals(batchLogits(denoiser, batch), tf.tensor1d(batch.targets, "int32"))),
  );
}

/** The numbers of a tensor, which is disposed of. */
async function numbersOf(tensor: tf.Tensor): Promise<Float32Array> {
  const numbers = await tensor.data() as Float32Array;
  tensor.dispose();
  return numbers;
}
