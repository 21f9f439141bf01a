import { sequencesOf } from "dlm/batch.ts";
import type { DrawNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** Options for {@linkcode simulatedLosses}. */
export interface SimulatedLossesOptions {
  /** What a masked character costs, in nats, where `k` of its sequence are masked. */
  cost: (k: number) => number;
  /** `B`, the number of sequences in a batch.
   * @default {64}
   */
  batch?: number;
  /** `T`, the length of a sequence.
   * @default {64}
   */
  length?: number;
  /** How many batches.
   * @default {400}
   */
  batches?: number;
  /** @default {0} */
  seed?: number;
}

/**
 * The losses of many batches, for a model of which nothing is given but what a masked
 * character costs it: their mean is near the expectation of a loss, and they scatter by
 * nothing but its masks.
 */
export function simulatedLosses(drawNoise: DrawNoise, options: SimulatedLossesOptions): number[] {
  const { cost, batch = 64, length = 64, batches = 400, seed = 0 } = options;
  const [maskId, rng] = [1, new Rng(seed)];
  const clean = Array.from({ length: batch }, () => new Int32Array(length));
  return Array.from({ length: batches }, () => {
    const drawn = drawNoise(clean, { maskId, rng });
    const masks = sequencesOf(drawn).map((ids) => ids.filter((id) => id === maskId).length);
    return drawn.rows.reduce((loss, row, i) => {
      return loss + drawn.weights[i]! * cost(masks[Math.floor(row / length)]!);
    }, 0);
  });
}
