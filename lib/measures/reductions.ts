import type { NoisyBatch } from "dlm/batch.ts";
import { maskIndependently } from "dlm/masking.ts";
import { type NoiseOptions, packMasks } from "dlm/objective.ts";
import { type DrawTimes, independentTimes } from "dlm/schedule.ts";

// "The mean cross-entropy of the masked characters" can mean several things, and only some
// of them are the bound that a masked-diffusion model is said to be trained on. Here are
// those in use, to be compared; the library trains on none of them. All take a rate `t`
// from [0, 1) and mask each character with that probability; they differ in what a mask
// then counts.
//
// Below, CE(k) is the mean cross-entropy of a masked character where k of T are masked, so
// that the bound is NELBO = (1/T) Σ CE(k) over k = 1..T, and B is the number of sequences.

/**
 * The mean over the masks of each sequence, then over the sequences. Its expectation is
 * `NELBO · T / (T + 1)`: the bound but for the sequences without any mask, which count zero.
 */
export function meanOfSequenceMeans(
  sequences: readonly Int32Array[],
  options: NoiseOptions,
): NoisyBatch {
  return maskAndWeigh(sequences, options, ({ masks, batch }) => 1 / masks / batch);
}

/**
 * The mean over all masks of the batch, pooled. A sequence then counts the more, the more
 * of it is masked: in large batches this is `Σ k·CE(k) / Σ k`, about `2 ∫ t·CE(t) dt`, which
 * is neither the likelihood nor a bound on it.
 */
export function pooledMean(sequences: readonly Int32Array[], options: NoiseOptions): NoisyBatch {
  return maskAndWeigh(sequences, options, ({ pool }) => 1 / pool);
}

/**
 * The mean over all masks of the batch, all of whose sequences are masked at one rate. In
 * expectation this is `NELBO · BT / (BT + 1)`, but a batch sees a single rate, so that larger
 * batches hardly scatter less.
 */
export function pooledMeanAtOneRate(
  sequences: readonly Int32Array[],
  options: NoiseOptions,
): NoisyBatch {
  const oneRate: DrawTimes = (count, rng) => new Float64Array(count).fill(rng.uniform());
  return maskAndWeigh(sequences, options, ({ pool }) => 1 / pool, oneRate);
}

/**
 * The mean over the masks of each sequence, times `1 / t`. The mean has already undone that
 * few masks are seen at a small rate; the factor does so a second time. The expectation is
 * `Σ CE(k) / k`, in which sequences with few masks count for almost everything.
 */
export function doublyWeightedMean(
  sequences: readonly Int32Array[],
  options: NoiseOptions,
): NoisyBatch {
  return maskAndWeigh(sequences, options, ({ rate, masks, batch }) => 1 / rate / masks / batch);
}

/** What the weight of a mask may depend on. */
interface Circumstances {
  /** The probability with which its sequence was masked. */
  rate: number;
  /** How many masks there are in its sequence … */
  masks: number;
  /** … and in all of the batch. */
  pool: number;
  /** How many sequences there are. */
  batch: number;
}

function maskAndWeigh(
  sequences: readonly Int32Array[],
  { maskId, rng }: NoiseOptions,
  weigh: (circumstances: Circumstances) => number,
  drawRates: DrawTimes = independentTimes,
): NoisyBatch {
  const batch = sequences.length;
  const rates = drawRates(batch, rng);
  const masked = sequences.map((clean, b) => {
    const rate = rates[b]!;
    const noisy = maskIndependently(clean, { maskId, alpha: 1 - rate, rng });
    return { clean, noisy, rate, masks: noisy.filter((id) => id === maskId).length };
  });
  const pool = masked.reduce((sum, { masks }) => sum + masks, 0);
  const readings = masked.map(({ clean, noisy, rate, masks }) => {
    return { clean, noisy, weight: weigh({ rate, masks, pool, batch }) };
  });
  return packMasks(readings, { maskId, total: 1 }); // the reductions divide by themselves
}
