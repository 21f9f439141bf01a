import { consecutiveWindows } from "dlm/corpus.ts";
import { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { exactCountNoise, nextCharacterNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** Options for {@linkcode surprisalMap}. */
export interface SurprisalMapOptions {
  /** How often each window is measured, each time with other masks; a causal model needs one.
   * @default {4}
   */
  draws?: number;
  /** Decides what is masked.
   * @default {0}
   */
  seed?: number;
}

/**
 * What each character of a split costs a model, in bits; cut into windows as `evaluate()`
 * does, and their mean is an estimate of the same number.
 *
 * Of a causal model it is the surprisal of each character, exactly. Of a denoiser it is an
 * estimate of the mean surprisal over all orders in which the window can be revealed. In a
 * draw with `k` of `T` masked a character is asked for with probability `k / T`, and counts
 * `T / k` times if it is (Horvitz and Thompson, 1952): right on average, very rough for a
 * single character after a few draws, and good for the mean of many.
 *
 * @returns as many numbers as the split has characters
 * @throws {RangeError} if the split is shorter than the context, or an option makes no sense
 */
export async function surprisalMap(
  model: Denoiser | Predictor,
  split: Int32Array,
  options: SurprisalMapOptions = {},
): Promise<Float64Array> {
  const { seed = 0 } = options;
  const predictor = predictorOf(model);
  const { causal, context, vocabularySize: maskId } = predictor;
  const draws = causal ? 1 : options.draws ?? 4;
  if (!(Number.isSafeInteger(draws) && draws >= 1)) {
    throw new RangeError(`draws is ${draws}: it must be a whole number of at least 1.`);
  }
  const windows = consecutiveWindows(split, context);
  const drawNoise = causal ? nextCharacterNoise : exactCountNoise;
  // All draws at once, so that the counts of each window's masks lie evenly in 1..T.
  const measured = Array.from({ length: draws }, () => windows).flat();
  const batch = drawNoise(measured, { maskId, rng: new Rng(seed).stream("surprisal map") });
  const surprisals = await predictor.surprisals(batch);
  const bits = new Float64Array(split.length);
  batch.rows.forEach((row, i) => { // the draws lie one after the other, each as long as the split
    bits[row % split.length]! += batch.weights[i]! * surprisals[i]! * split.length / Math.LN2;
  });
  return bits;
}

/** Characters that have something in common, such as being an `e`. */
export interface CharacterGroup {
  name: string;
  /** How many there are. */
  count: number;
  /** What one of them costs on average, in bits. */
  bits: number;
  /** What they cost together, as a share of what all characters cost. */
  share: number;
}

/**
 * What groups of characters cost.
 *
 * @param bits what each character costs, as from {@linkcode surprisalMap}
 * @param nameOf the group of the character in a place; nothing if it is in none
 * @returns the groups, the most expensive character first
 */
export function groupCharacters(
  bits: Float64Array,
  nameOf: (place: number) => string | undefined,
): CharacterGroup[] {
  const total = bits.reduce((sum, value) => sum + value, 0);
  const groups = new Map<string, { count: number; sum: number }>();
  bits.forEach((value, place) => {
    const name = nameOf(place);
    if (name === undefined) return;
    const { count, sum } = groups.get(name) ?? { count: 0, sum: 0 };
    groups.set(name, { count: count + 1, sum: sum + value });
  });
  return [...groups]
    .map(([name, { count, sum }]) => ({ name, count, bits: sum / count, share: sum / total }))
    .sort((a, b) => b.bits - a.bits);
}
