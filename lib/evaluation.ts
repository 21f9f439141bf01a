import { sampleStandardDeviation } from "simple-statistics";
import { joinBatches, type NoisyBatch, sequencesOf } from "dlm/batch.ts";
import { consecutiveWindows } from "dlm/corpus.ts";
import { checkFootprint } from "dlm/crew/footprint.ts";
import { type OnProgress, type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { exactCountNoise, nextCharacterNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** How many bits a model needs for a character: for a denoiser, an estimated upper bound. */
export interface BitsPerCharacter {
  /** The bound in bits per character. */
  bitsPerCharacter: number;
  /** The same in nats. */
  natsPerCharacter: number;
  /** The standard error of the bits, from the random choice of masks, and of windows if not all
   * were measured; 0 for a causal model that read all of them. */
  standardError: number;
  /** How many characters were measured, each as often as there were draws. */
  characters: number;
}

/** Options for {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Decides what is masked, so that models are compared on the same masks.
   * @default {0}
   */
  seed?: number;
  /** How many windows to measure, spread evenly over the split; all, if left out. */
  windows?: number | undefined;
  /** How often each window is measured, each time with other masks.
   * @default {1}
   */
  draws?: number;
  /** How many of the characters before each window the model may read besides. The windows are
   * shorter by as many, so that they still fit; those at the split's beginning have less before
   * them. Without it a model begins each window with an empty page, which costs any of them more.
   * @default {0}
   */
  past?: number;
  /** Hears the share done, in [0, 1]. */
  onProgress?: OnProgress;
}

/**
 * The exact-count NELBO of a split, cut into windows of the model's context: an upper
 * bound on the negative log-likelihood, so a smaller value is better and nothing is won by
 * chance alone (see {@linkcode exactCountNoise}).
 *
 * The measurements are dealt at random into up to 32 groups, those of one window into one if not
 * all windows are measured, each with the counts of its
 * masks spread evenly over `1..T` by an offset of its own; the spread of the groups' means
 * gives the standard error (random groups; Wolter, 2007, chapter 2). It is a little too
 * large rather than too small, since it takes the windows for a sample of a longer text.
 *
 * Of a causal model this is the negative log-likelihood itself, without any error if all windows
 * are measured: the same windows, each character predicted from those before it in its window.
 *
 * @throws {RangeError} if the split is shorter than a window, or an option makes no sense, or more
 * is to be measured than memory holds
 */
export async function evaluate(
  model: Denoiser | Predictor,
  split: Int32Array,
  options: EvaluateOptions = {},
): Promise<BitsPerCharacter> {
  const { seed = 0, windows, draws = 1, past = 0, onProgress } = options;
  if (!(Number.isSafeInteger(draws) && draws >= 1)) {
    throw new RangeError(`draws is ${draws}: it must be a whole number of at least 1.`);
  }
  const predictor = predictorOf(model);
  const { causal = false, context, vocabularySize: maskId } = predictor;
  if (!(Number.isSafeInteger(past) && past >= 0 && past < context)) {
    throw new RangeError(
      `past is ${past}: it must be a whole number from 0 to ${
        context - 1
      }, since the model reads ` +
        `${context} characters at a time.`,
    );
  }
  const drawNoise = causal ? nextCharacterNoise : exactCountNoise;
  const chosen = spreadWindows(split, context - past, windows);
  const whole = chosen.length * (context - past) >= split.length;
  const exact = causal && whole;
  const bytes = BYTES_A_CHARACTER * draws * chosen.length * context;
  checkFootprint("The evaluation", { heap: 0, parts: { "fewer draws or a shorter text": bytes } });
  const again = (windows: Int32Array[]) => Array.from({ length: draws }, () => windows).flat();
  const rng = new Rng(seed).stream("evaluation");
  // Of some windows another choice would differ, too: then all draws of one stay in its group.
  const dealt = whole ? deal(again(chosen), rng) : deal(chosen, rng).map(again);
  if (dealt.length < 2 && !exact) {
    throw new RangeError(
      "A standard error needs at least 2 windows, or 2 draws of a whole text: give a longer text, " +
        "more windows or more draws.",
    );
  }
  const groups = dealt.map((group, g) => {
    const noise = drawNoise(group, { maskId, rng: new Rng(seed).stream("masks").stream(g) });
    if (past === 0) return noise;
    return readAfter(group.map((window) => charactersBefore(window, split, past)), noise, causal);
  });
  const surprisals = await predictor.surprisals(joinBatches(groups), onProgress);
  let next = 0;
  const means = groups.map(({ weights }) =>
    weights.reduce((sum, weight) => sum + weight * surprisals[next++]!, 0)
  );
  const sizes = dealt.map((group) => group.reduce((sum, { length }) => sum + length, 0));
  const characters = sizes.reduce((sum, size) => sum + size, 0);
  const natsPerCharacter = means.reduce((sum, mean, g) => sum + mean * sizes[g]!, 0) / characters;
  const spreadOfMeans = exact ? 0 : sampleStandardDeviation(means);
  return {
    bitsPerCharacter: natsPerCharacter / Math.LN2,
    natsPerCharacter,
    standardError: spreadOfMeans / Math.sqrt(means.length) / Math.LN2,
    characters: characters / draws,
  };
}

/** What a measured character takes while its window is packed and its answer awaited. */
const BYTES_A_CHARACTER = 50;

/** `count` of the consecutive windows at even distances, or all; of a long split a view of each
 * would take more memory than the split. */
function spreadWindows(split: Int32Array, length: number, count = Infinity): Int32Array[] {
  if (!(count === Infinity || Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError(`Cannot measure ${count} windows: give a whole number of at least 1.`);
  }
  const all = Math.ceil(split.length / length);
  if (count >= all) return consecutiveWindows(split, length);
  return Array.from({ length: count }, (_, i) => {
    const window = Math.floor(i * all / count);
    return split.subarray(window * length, (window + 1) * length);
  });
}

/** Deals windows into groups of nearly one size, at random. */
function deal(windows: Int32Array[], rng: Rng): Int32Array[][] {
  const count = Math.min(32, windows.length);
  const groups = Array.from({ length: count }, (): Int32Array[] => []);
  rng.permutation(windows.length).forEach((window, i) => groups[i % count]!.push(windows[window]!));
  return groups;
}

/** Up to `count` characters that stand before a window, which is a view of its split. */
function charactersBefore(window: Int32Array, split: Int32Array, count: number): Int32Array {
  const start = (window.byteOffset - split.byteOffset) / split.BYTES_PER_ELEMENT;
  return split.subarray(Math.max(0, start - count), start);
}

/** Noisy windows, each read after its past; only the windows are asked for, as they were. */
function readAfter(pasts: readonly Int32Array[], noise: NoisyBatch, causal: boolean): NoisyBatch {
  const first = causal ? 1 : 0; // the mask that says to a causal model that the text begins
  const tokens = sequencesOf(noise).flatMap((window, b) => [
    ...window.subarray(0, first),
    ...pasts[b]!,
    ...window.subarray(first),
  ]);
  let [b, end, shift] = [-1, 0, 0]; // the window of a row, where it ends, and by how much it moves
  const rows = noise.rows.map((row) => {
    for (; row >= end; end += noise.lengths[b]!) shift += pasts[++b]!.length;
    return row + shift;
  });
  const lengths = noise.lengths.map((length, b) => length + pasts[b]!.length);
  return { ...noise, tokens: Int32Array.from(tokens), lengths, rows };
}
