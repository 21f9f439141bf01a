import { sampleStandardDeviation } from "simple-statistics";
import { joinBatches, type NoisyBatch } from "dlm/batch.ts";
import { type OnProgress, type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { exactCountNoise, nextCharacterNoise, type NoiseOptions } from "dlm/objective.ts";
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
  /** Hears the share done, in [0, 1]. */
  onProgress?: OnProgress;
}

/**
 * How likely a text is, or a part of it given the rest: `-log p(part | rest)`.
 *
 * A denoiser can write the part in any order of its characters. This is the mean of `-log p`
 * over the orders, all equally likely, which by Jensen's inequality is at least `-log` of
 * the mean of `p`, the probability that the part is written in random order (Uria et al.,
 * 2014; Hoogeboom et al., 2022, ARDM). The surprisal of a character is its mean
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
  model: Denoiser | Predictor,
  text: Int32Array,
  options: LikelihoodOptions = {},
): Promise<Likelihood> {
  const predictor = predictorOf(model);
  const { causal, vocabularySize: maskId } = predictor;
  const { given = text.map(() => maskId), seed = 0, onProgress } = options;
  const places = askedPlaces(predictor, text, given);
  const rounds = causal ? 1 : checkedRounds(options.rounds ?? 16);
  const rng = new Rng(seed).stream("likelihood");
  const batches = Array.from(
    { length: rounds },
    () => causal ? nextCharacters(text, places, maskId) : anyOrder(text, places, { maskId, rng }),
  );
  const found = await predictor.surprisals(joinBatches(batches), onProgress);
  const surprisals = new Float64Array(text.length);
  let next = 0;
  const totals = batches.map(({ rows, weights }) => {
    let total = 0;
    rows.forEach((row, i) => {
      const nats = weights[i]! * found[next++]!;
      surprisals[row % text.length]! += nats / rounds;
      total += nats;
    });
    return total;
  });
  const nats = totals.reduce((sum, total) => sum + total / rounds, 0);
  return {
    nats,
    bits: nats / Math.LN2,
    standardError: causal ? 0 : sampleStandardDeviation(totals) / Math.sqrt(rounds),
    surprisals,
  };
}

/** One round: the places masked as if they were a text of their own, with every count once. */
function anyOrder(text: Int32Array, places: Int32Array, noise: NoiseOptions): NoisyBatch {
  const part = places.map((place) => text[place]!);
  const { tokens, rows, targets, weights } = exactCountNoise(Array.from(places, () => part), noise);
  const whole = (i: number) =>
    // where the i-th token of the parts is in the copies of the text
    Math.floor(i / places.length) * text.length + places[i % places.length]!;
  const copies = new Int32Array(places.length * text.length).map((_, i) => text[i % text.length]!);
  tokens.forEach((id, i) => copies[whole(i)] = id);
  return {
    tokens: copies,
    lengths: new Int32Array(places.length).fill(text.length),
    rows: rows.map(whole),
    targets,
    weights: weights.map((weight) => weight * places.length), // of all, not per character
  };
}

/** The question put to a causal model, with only the places asked for counting. */
function nextCharacters(text: Int32Array, places: Int32Array, maskId: number): NoisyBatch {
  return {
    ...nextCharacterNoise([text], { maskId }),
    rows: places,
    targets: places.map((place) => text[place]!),
    weights: new Float32Array(places.length).fill(1),
  };
}

function checkedRounds(rounds: number): number {
  if (Number.isSafeInteger(rounds) && rounds >= 2) return rounds;
  throw new RangeError(
    `Cannot measure ${rounds} rounds: a standard error needs a whole number of at least 2.`,
  );
}

/** The places that are masked in `given`, if the model can answer for them. */
function askedPlaces(model: Predictor, text: Int32Array, given: Int32Array): Int32Array {
  const { vocabularySize: maskId, context, causal } = model;
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
