import jstat from "jstat";
import { consecutiveWindows } from "dlm/corpus.ts";
import { maskExactly } from "dlm/masking.ts";
import { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { packMasks } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** Options for {@linkcode bitsByMasks}. */
export interface BitsByMasksOptions {
  /** The numbers of masks to measure at.
   * @default {1, and every tenth of the context up to all of it}
   */
  counts?: readonly number[];
  /** How many windows, from the split's beginning on.
   * @default {64}
   */
  windows?: number;
  /** Decides what is masked.
   * @default {0}
   */
  seed?: number;
}

/**
 * What a masked character costs a model, by the number of masks in its window. The mean
 * over all numbers from 1 to `T` is the exact-count NELBO (see `exactCountNoise()`).
 *
 * @returns pairs of a number of masks and the mean bits per masked character
 * @throws {RangeError} if the model is causal, if a count is not between 1 and the context, if
 *   there is no window to measure, or the split is too short
 */
export async function bitsByMasks(
  model: Denoiser | Predictor,
  split: Int32Array,
  options: BitsByMasksOptions = {},
): Promise<[masks: number, bits: number][]> {
  const predictor = predictorOf(model);
  const { context: T, vocabularySize: maskId, causal } = predictor;
  if (causal) {
    throw new RangeError(
      "A causal model has not learned what is behind a mask: measure a denoiser by its masks.",
    );
  }
  const tenths = Array.from({ length: 11 }, (_, i) => Math.max(1, Math.round(i * T / 10)));
  const { counts = [...new Set(tenths)], windows = 64, seed = 0 } = options;
  if (!(Number.isSafeInteger(windows) && windows >= 1)) {
    throw new RangeError(`Cannot measure ${windows} windows: give a whole number of at least 1.`);
  }
  const whole = consecutiveWindows(split, T).filter(({ length }) => length === T);
  for (const count of counts) {
    if (Number.isSafeInteger(count) && count >= 1 && count <= T) continue;
    throw new RangeError(`Cannot mask ${count} of ${T} characters: give counts from 1 to ${T}.`);
  }
  const points: [number, number][] = [];
  for (const count of counts) {
    const rng = new Rng(seed).stream(count);
    const readings = whole.slice(0, windows).map((clean) => {
      return { clean, noisy: maskExactly(clean, { maskId, count, rng }), weight: 1 };
    });
    const batch = packMasks(readings, { maskId, total: readings.length * count });
    const surprisals = await predictor.surprisals(batch);
    const nats = batch.weights.reduce((sum, weight, i) => sum + weight * surprisals[i]!, 0);
    points.push([count, nats / Math.LN2]);
  }
  return points;
}

/**
 * What a character costs where a text is written in `N` steps of equal time, by ancestral
 * sampling under the linear schedule: the bound of diffusion in discrete time (Austin et al.,
 * 2021, D3PM, equation 1, here for masks).
 *
 * In the step that begins at time `t = n / N` each mask is lifted with probability `1 / n`,
 * and every character lifted is drawn from what showed before the step: it costs as much as
 * among `K` masks, where `K` is binomial with `T` trials of probability `t`. One step costs
 * what a character costs among nothing but masks; with ever more steps the cost falls to the
 * NELBO, the mean over `1..T`, where no two characters are drawn at once.
 *
 * @param bits `[T]`, the bits of a masked character where `1..T` are masked
 * @returns bits per character
 * @throws {RangeError} if the number of steps makes no sense
 */
export function bitsBySteps(bits: readonly number[], steps: number): number {
  if (!(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new RangeError(`A text is written in at least 1 step, not in ${steps}.`);
  }
  const T = bits.length;
  let total = 0;
  for (let n = 1; n <= steps; n++) {
    bits.forEach((cost, i) => total += binomial(i + 1, T, n / steps) * (i + 1) * cost / n);
  }
  return total / T;
}

/** How probable `k` hits of `n` are. That of jStat multiplies by the number of ways, which is more
 * than 64 bits can hold from `n` = 1030 on. */
function binomial(k: number, n: number, probability: number): number {
  if (probability === 1) return k === n ? 1 : 0;
  const ways = jstat.combinationln(n, k);
  return Math.exp(ways + k * Math.log(probability) + (n - k) * Math.log1p(-probability));
}
