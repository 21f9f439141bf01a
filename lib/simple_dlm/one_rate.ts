import type { NoisyBatch } from "dlm/batch.ts";
import { maskIndependently } from "dlm/masking.ts";
import { type NoiseOptions, packMasks } from "dlm/objective.ts";

/**
 * The loss of simple_dlm: the mean over all masks of the batch, all of whose sequences are masked
 * at one rate, uniform in [0, 1). With `B` sequences of `T` characters its expectation is
 * `NELBO · BT / (BT + 1)`, since a batch without any mask counts zero. But a batch sees a single
 * rate, so that larger batches hardly scatter less. (Notebook 04 has other means over masks, and
 * what they come to.)
 */
export function pooledMeanAtOneRate(
  sequences: readonly Int32Array[],
  { maskId, rng }: NoiseOptions,
): NoisyBatch {
  const alpha = 1 - rng.uniform();
  const readings = sequences.map((clean) => {
    return { clean, noisy: maskIndependently(clean, { maskId, alpha, rng }), weight: 1 };
  });
  const masks = readings.flatMap(({ noisy }) => [...noisy]).filter((id) => id === maskId).length;
  return packMasks(readings, { maskId, total: masks });
}
