import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { partsOf } from "dlm/batch.ts";
import { consecutiveWindows } from "dlm/corpus.ts";
import { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { exactCountNoise, nextCharacterNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { checkDrawOptions, drawingWeights } from "dlm/sampling/draw.ts";

/** The predictions of about one probability, and how often they came true. */
export interface CalibrationBin {
  /** How many there are. */
  count: number;
  /** The probability that the model gave, on average. */
  predicted: number;
  /** The share of them that came true. */
  hits: number;
  /** The standard error of this share, as if the predictions were independent. */
  standardError: number;
}

/** How far a model's probabilities can be taken at their word. */
export interface Calibration {
  /** The bins that are not empty, from low probabilities to high ones. */
  bins: CalibrationBin[];
  /** How far the model is off on average: the distance between `predicted` and `hits` in the bin
   * of each prediction, a mean over all predictions, so that a bin counts as much as it holds
   * (expected calibration error; Guo et al., 2017). It depends on the bins, and is never quite 0,
   * since chance moves `hits` too. */
  error: number;
}

/** Options for {@linkcode measureCalibration}. */
export interface CalibrationOptions {
  /** Into how many bins of equal width [0, 1] is cut.
   * @default {10}
   */
  bins?: number;
  /** What the logits are divided by before they become probabilities.
   * @default {1}
   */
  temperature?: number;
  /** Decides what is masked.
   * @default {0}
   */
  seed?: number;
}

/**
 * Holds a model's probabilities against what is true. Each window of a split is masked as for
 * the NELBO, `k` of `T` characters with `k` drawn evenly from `1..T`; in each masked place the
 * likeliest character is the prediction, it has a probability, and it is right or wrong. A
 * causal model predicts each character from those before it.
 *
 * @throws {RangeError} if the split is shorter than the context, or an option makes no sense
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook
 */
export async function measureCalibration(
  model: Denoiser | Predictor,
  split: Int32Array,
  options: CalibrationOptions = {},
): Promise<Calibration> {
  const { bins = 10, temperature = 1, seed = 0 } = options;
  checkDrawOptions({ temperature });
  if (!(Number.isSafeInteger(bins) && bins >= 1)) {
    throw new RangeError(`bins is ${bins}: it must be a whole number of at least 1.`);
  }
  const predictor = predictorOf(model);
  const { causal, context, vocabularySize: V } = predictor;
  const drawNoise = causal ? nextCharacterNoise : exactCountNoise;
  const noise = { maskId: V, rng: new Rng(seed).stream("calibration") };
  const batch = drawNoise(consecutiveWindows(split, context), noise);
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, hits: 0 }));
  using interrupt = listenForInterrupt();
  let read = 0;
  for (const part of partsOf(batch, AT_ONCE)) {
    const logits = await predictor.logits(part); // [N, V]
    part.targets.forEach((id, n) => {
      const weights = drawingWeights(logits.subarray(n * V, (n + 1) * V), { temperature });
      const p = 1 / weights.reduce((sum, weight) => sum + weight, 0); // the likeliest weighs 1
      const bin = sums[Math.min(bins - 1, Math.floor(p * bins))]!;
      bin.count++;
      bin.predicted += p;
      if (weights.indexOf(1) === id) bin.hits++;
    });
    read += part.lengths.length;
    await interrupt.check(`after ${read} of ${batch.lengths.length} windows`);
  }
  const total = sums.reduce((sum, { count }) => sum + count, 0);
  const error = sums.reduce((sum, bin) => sum + Math.abs(bin.predicted - bin.hits), 0) / total;
  return { error, bins: sums.filter(({ count }) => count > 0).map(toBin) };
}

/** Of how many windows the logits are in memory at once: each takes `V` numbers a character. */
const AT_ONCE = 256;

function toBin({ count, predicted, hits }: Record<"count" | "predicted" | "hits", number>) {
  const share = hits / count;
  const standardError = Math.sqrt(share * (1 - share) / count);
  return { count, predicted: predicted / count, hits: share, standardError };
}
