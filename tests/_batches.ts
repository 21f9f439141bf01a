import type { NoisyBatch } from "dlm/batch.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";

/** A sequence of a noisy batch by itself. */
export interface NoisySequence {
  /** `x_0`; of what is not asked for, what stands in the batch. */
  clean: Int32Array;
  /** `x_t`. */
  noisy: Int32Array;
  /** `[T]`, zero where nothing is asked. */
  weights: Float32Array;
}

/** The batch of some sequences, asked for what has a weight. */
export function pack(sequences: readonly NoisySequence[]): NoisyBatch {
  const lengths = sequences.map(({ noisy }) => noisy.length);
  const all = <A>(of: (sequence: NoisySequence) => Iterable<A>) =>
    sequences.flatMap((sequence) => [...of(sequence)]);
  const weights = all(({ weights }) => weights);
  const rows = [...weights.keys()].filter((row) => weights[row] !== 0);
  const clean = all(({ clean }) => clean);
  return {
    tokens: Int32Array.from(all(({ noisy }) => noisy)),
    lengths: Int32Array.from(lengths),
    rows: Int32Array.from(rows),
    targets: Int32Array.from(rows, (row) => clean[row]!),
    weights: Float32Array.from(rows, (row) => weights[row]!),
  };
}

/** The sequences of a batch. */
export function unpack(batch: NoisyBatch): NoisySequence[] {
  const clean = batch.tokens.slice();
  const weights = new Float32Array(clean.length);
  batch.rows.forEach((row, i) => {
    clean[row] = batch.targets[i]!;
    weights[row] = batch.weights[i]!;
  });
  let end = 0;
  return Array.from(batch.lengths, (length) => {
    const [from, to] = [end, end += length];
    const part = <A extends Int32Array | Float32Array>(array: A) => array.slice(from, to) as A;
    return { clean: part(clean), noisy: part(batch.tokens), weights: part(weights) };
  });
}

/** What each character of each sequence adds to the loss, in nats: zero where nothing is asked. */
export async function partsOfLoss(denoiser: Denoiser, batch: NoisyBatch): Promise<Float64Array[]> {
  const surprisals = await predictorOf(denoiser).surprisals(batch);
  let next = 0;
  return unpack(batch).map(({ weights }) =>
    Float64Array.from(weights, (weight) => weight === 0 ? 0 : weight * surprisals[next++]!)
  );
}

/** What each sequence adds to the loss, in nats. */
export async function losses(denoiser: Denoiser, batch: NoisyBatch): Promise<Float64Array> {
  const parts = await partsOfLoss(denoiser, batch);
  return Float64Array.from(parts, (part) => part.reduce((sum, nats) => sum + nats, 0));
}
