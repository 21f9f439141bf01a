import { sampleStandardDeviation } from "simple-statistics";
import type { Denoiser } from "dlm/model.ts";
import {
  exactCountNoise,
  nextCharacterNoise,
  type NoisySequence,
  noisySurprisals,
} from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** How likely a text is to a model. */
export interface Likelihood {
  /** `-log p` of all characters asked for together, in nats: for a denoiser, an estimated
   * upper bound. */
  nats: number;
  /** The same in bits. */
  bits: number;
  /** The standard error of the nats, from the random choice of masks; 0 for a causal model. */
  standardError: number;
  /** `[T]`, the share of each character in the nats; zero for what is given. */
  surprisals: Float64Array;
}

/** Options for {@linkcode likelihood}. */
export interface LikelihoodOptions {
  /** What is known: the text, with masks in place of the characters asked for.
   * @default {masks alone}
   */
  given?: Int32Array;
  /** How many rounds to measure. In each, every number of masks from one to all comes up
   * once, so a round takes as many sequences as characters are asked for.
   * @default {16}
   */
  rounds?: number;
  /** Decides what is masked, so that texts and models are compared on the same masks.
   * @default {0}
   */
  seed?: number;
  /** How many sequences go through the model at once.
   * @default {32}
   */
  batch?: number;
  /** Hears the share done, in [0, 1]. */
  onProgress?: (share: number) => void;
}

/**
 * How likely a text is, or a part of it given the rest: `-log p(part | rest)`.
 *
 * A denoiser can write the part in any order of its characters. This is the mean of `-log p`
 * over the orders, all equally likely, which by Jensen's inequality is at least `-log` of
 * the mean of `p`, the probability that the part is written in random order (Uria et al.,
 * 2014; Hoogeboom et al., 2022, ARDM, equation 5). The surprisal of a character is its mean
 * over the same orders, in which as much of the rest of the part is known as happens to be.
 *
 * A causal model has one order, so its likelihood is exact; but a part must then be the end
 * of the text.
 *
 * A mask in the text itself stands for any character: it is neither known nor asked for, and
 * the bound is that of what shows, whatever is behind it.
 *
 * @param text up to `context` token ids
 * @throws {RangeError} if nothing is asked for, or something that the model cannot answer
 */
export async function likelihood(
  denoiser: Denoiser,
  text: Int32Array,
  options: LikelihoodOptions = {},
): Promise<Likelihood> {
  const maskId = denoiser.vocabularySize;
  const { given = text.map(() => maskId), seed = 0, batch = 32, onProgress } = options;
  const places = askedPlaces(denoiser, text, given);
  const rounds = denoiser.causal ? 1 : checkedRounds(options.rounds ?? 16);
  const rng = new Rng(seed).stream("likelihood");
  const surprisals = new Float64Array(text.length);
  const totals = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    const sequences = denoiser.causal
      ? nextCharacters(text, { places, maskId })
      : anyOrder(text, { places, maskId, rng });
    for (let i = 0; i < sequences.length; i += batch) {
      for (const nats of await noisySurprisals(denoiser, sequences.slice(i, i + batch))) {
        nats.forEach((value, place) => {
          surprisals[place]! += value / rounds;
          totals[round]! += value;
        });
      }
    }
    onProgress?.((round + 1) / rounds);
  }
  const nats = totals.reduce((sum, total) => sum + total / rounds, 0);
  return {
    nats,
    bits: nats / Math.LN2,
    standardError: denoiser.causal ? 0 : sampleStandardDeviation([...totals]) / Math.sqrt(rounds),
    surprisals,
  };
}

/** One round: the places masked as if they were a text of their own, with every count once. */
function anyOrder(
  text: Int32Array,
  { places, maskId, rng }: { places: Int32Array; maskId: number; rng: Rng },
): NoisySequence[] {
  const part = places.map((place) => text[place]!);
  const copies = Array.from(places, () => part);
  return exactCountNoise(copies, { maskId, rng }).map((noisyPart) => {
    const [noisy, weights] = [text.slice(), new Float32Array(text.length)];
    places.forEach((place, i) => {
      noisy[place] = noisyPart.noisy[i]!;
      weights[place] = noisyPart.weights[i]! * places.length; // of all, not per character
    });
    return { clean: text, noisy, weights };
  });
}

/** The question put to a causal model, with only the places asked for counting. */
function nextCharacters(
  text: Int32Array,
  { places, maskId }: { places: Int32Array; maskId: number },
): NoisySequence[] {
  const weights = new Float32Array(text.length);
  for (const place of places) weights[place] = 1;
  return nextCharacterNoise([text], { maskId }).map((sequence) => ({ ...sequence, weights }));
}

function checkedRounds(rounds: number): number {
  if (Number.isSafeInteger(rounds) && rounds >= 2) return rounds;
  throw new RangeError(
    `Cannot measure ${rounds} rounds: a standard error needs a whole number of at least 2.`,
  );
}

/** The places that are masked in `given`, if the model can answer for them. */
function askedPlaces(denoiser: Denoiser, text: Int32Array, given: Int32Array): Int32Array {
  const { vocabularySize: maskId, context, causal } = denoiser;
  if (text.length > context) {
    throw new RangeError(
      `The text has ${text.length} characters, but the model reads ${context} at a time: shorten it, ` +
        `or measure it window by window with evaluate().`,
    );
  }
  const differs = (id: number, i: number) => id !== maskId && id !== text[i];
  if (given.length !== text.length || given.some(differs) || (causal && text.includes(maskId))) {
    throw new RangeError(
      "What is given is not the text with masks in it: copy the text and mask what is asked for; " +
        "only a denoiser reads a text with masks of its own.",
    );
  }
  const places = Int32Array.from(given.keys()).filter((i) =>
    given[i] === maskId && text[i] !== maskId
  );
  if (places.length === 0) {
    throw new RangeError("Nothing is masked, so nothing is asked for: mask a part of the text.");
  }
  if (causal && places[0] !== text.length - places.length) {
    throw new RangeError(
      "A causal model knows only what stands before: ask it for the end of a text, or ask a denoiser.",
    );
  }
  return places;
}
