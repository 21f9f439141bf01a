import { tf } from "dlm/backend/backend.ts";
import type { Denoiser } from "dlm/model.ts";
import type { Rng } from "dlm/rng.ts";

/**
 * A small language of which everything is known, to try a theory on. It is its own perfect
 * denoiser: its logits are `log p(character | all that shows)`, the true conditional
 * probabilities, so that whatever a bound or a sampler still gets wrong is its own fault.
 *
 * What cannot be has a logit of -1e9 and not of -∞, which a multiplication by zero would
 * turn into NaN. Where what shows cannot be as a whole, every character is as likely.
 */
export interface KnownLanguage extends Denoiser {
  /** The entropy of a text of `context` characters, in nats. */
  readonly entropy: number;
  /** `-log p` of a text of `context` characters, in nats. */
  surprisal(text: Int32Array): number;
  /** Draws a text of `context` characters. */
  draw(rng: Rng): Int32Array;
}

/** Stands for the logarithm of zero. */
const LOG_ZERO = -1e9;

/** Options for {@linkcode enumeratedLanguage}. */
export interface EnumeratedLanguageOptions {
  /** `V`, the number of characters. */
  vocabularySize: number;
  /** `T`, the length of each text. */
  length: number;
  /** How probable each of the `V^T` texts is, in the order of {@linkcode enumerateTexts}. */
  probabilities: readonly number[];
}

/**
 * A language that is written down whole: any distribution over the texts of one length.
 *
 * @throws {RangeError} unless there are `V^T` probabilities that add up to 1, and not too many texts
 */
export function enumeratedLanguage(options: EnumeratedLanguageOptions): KnownLanguage {
  const { vocabularySize, length, probabilities } = options;
  const texts = enumerateTexts(vocabularySize, length);
  if (probabilities.length !== texts.length) {
    throw new RangeError(
      `There are ${texts.length} texts of ${length} out of ${vocabularySize} characters, ` +
        `not ${probabilities.length}: give each its probability.`,
    );
  }
  checkDistribution(probabilities);
  return {
    vocabularySize,
    context: length,
    entropy: entropy(probabilities),
    surprisal: (text) => -Math.log(probabilities[indexOf(text, vocabularySize)]!),
    draw: (rng) => texts[rng.categorical(probabilities)]!.slice(),
    logits: (tokens, rows) =>
      toLogits(tokens, { rows, vocabularySize }, (allowed) => {
        const ids = tf.tensor2d(texts.map((text) => [...text]), undefined, "int32");
        const letters = tf.cast(tf.oneHot(ids, vocabularySize), "float32"); // [V^T, T, V]
        const table: tf.Tensor2D = tf.reshape(letters, [texts.length, -1]); // [V^T, T·V]
        const rows: tf.Tensor2D = tf.reshape(allowed, [tokens.shape[0], -1]); // [B, T·V]
        const agreements = tf.matMul(rows, table, false, true); // [B, V^T]
        const fits = tf.cast(tf.equal(agreements, length), "float32"); // [B, V^T]
        return tf.matMul(tf.mul(fits, [...probabilities]), table); // [B, T·V]
      }),
  };
}

/** More texts than these are no longer written down. */
const MOST_TEXTS = 2 ** 20;

/**
 * All texts of one length: the numbers from 0 up, written with `V` digits.
 *
 * @throws {RangeError} if the texts have no length, or are more than a million
 */
export function enumerateTexts(vocabularySize: number, length: number): Int32Array[] {
  checkLength(length);
  const count = vocabularySize ** length;
  if (!(count <= MOST_TEXTS)) {
    throw new RangeError(
      `The texts of ${length} out of ${vocabularySize} characters are too many to write down: ` +
        `choose shorter ones, so that there are ${MOST_TEXTS} at most.`,
    );
  }
  return Array.from(
    { length: count },
    (_, index) =>
      new Int32Array(length).map((_, i) =>
        Math.floor(index / vocabularySize ** (length - 1 - i)) % vocabularySize
      ),
  );
}

/** Options for {@linkcode markovLanguage}. */
export interface MarkovLanguageOptions {
  /** `T`, the length of a text. */
  length: number;
  /** `[V]`, how probable each first character is. */
  initial: readonly number[];
  /** `[V, V]`, how probable each character (column) is after each (row). */
  transitions: readonly (readonly number[])[];
}

/**
 * A Markov chain: each character depends on the one before it alone. Its texts may be too
 * many to write down; the forward–backward algorithm (Baum et al., 1970) still knows what
 * is behind each mask.
 *
 * @throws {RangeError} if the texts have no length, or if the probabilities of a row do not add up
 *   to 1
 */
export function markovLanguage(options: MarkovLanguageOptions): KnownLanguage {
  const { length, initial, transitions } = options;
  const vocabularySize = initial.length;
  checkLength(length);
  for (const row of [initial, ...transitions]) {
    checkDistribution(row);
    if (row.length === vocabularySize && transitions.length === vocabularySize) continue;
    throw new RangeError(
      `A chain of ${vocabularySize} characters has ${vocabularySize} × ${vocabularySize} transitions: ` +
        `give a row for each character.`,
    );
  }
  return {
    vocabularySize,
    context: length,
    entropy: chainEntropy(options),
    surprisal: (text) =>
      text.reduce(
        (nats, id, i) => nats - Math.log(i === 0 ? initial[id]! : transitions[text[i - 1]!]![id]!),
        0,
      ),
    draw(rng) {
      const text = new Int32Array(length);
      for (let i = 0; i < length; i++) {
        text[i] = rng.categorical(i === 0 ? initial : transitions[text[i - 1]!]!);
      }
      return text;
    },
    logits: (tokens, rows) =>
      toLogits(tokens, { rows, vocabularySize }, (allowed) => {
        const places = tf.unstack(allowed, 1) as tf.Tensor2D[]; // T × [B, V]
        const step = tf.tensor2d(transitions.map((row) => [...row])); // [V, V]
        const pass = (message: tf.Tensor2D, place: tf.Tensor2D, backwards: boolean) =>
          normalise(tf.matMul(tf.mul(message, place), step, false, backwards)); // [B, V]
        const before: tf.Tensor2D[] = [tf.add(tf.zerosLike(places[0]!), [...initial])];
        const after = [tf.onesLike(places[0]!)];
        for (let i = 1; i < places.length; i++) {
          before.push(pass(before.at(-1)!, places[i - 1]!, false));
          after.unshift(pass(after[0]!, places.at(-i)!, true));
        }
        const joint = places.map((place, i) => tf.mul(tf.mul(before[i]!, place), after[i]!));
        return tf.stack(joint, 1); // [B, T, V]
      }),
  };
}

/**
 * The weather of some days, a Markov chain to try a theory on: 0 is cloud, 1 is rain, 2 is
 * sun, and tomorrow depends on today.
 *
 * @param days `T`
 * @throws {RangeError} if that is no whole number from 1 on
 */
export function weather(days: number = 5): KnownLanguage {
  return markovLanguage({
    length: days,
    initial: [0.3, 0.2, 0.5],
    transitions: [[0.4, 0.3, 0.3], [0.3, 0.5, 0.2], [0.2, 0.1, 0.7]],
  });
}

/**
 * From tokens to logits, `[N, V]`, given a way to the joint probability of a character in
 * each place and of all that shows.
 *
 * @param joint from what each place allows, `[B, T, V]`, which is every character where
 * there is a mask and else the one that shows, to probabilities in the same order
 */
function toLogits(
  tokens: tf.Tensor2D,
  { rows, vocabularySize }: { rows: tf.Tensor1D | undefined; vocabularySize: number },
  joint: (allowed: tf.Tensor3D) => tf.Tensor,
): tf.Tensor2D {
  return tf.tidy(() => {
    const shown = tf.cast(tf.oneHot(tokens, vocabularySize), "float32"); // [B, T, V], no 1 for a mask
    const masks = tf.cast(tf.equal(tokens, vocabularySize), "float32"); // [B, T]
    const allowed: tf.Tensor3D = tf.add(shown, tf.expandDims(masks, 2));
    const all: tf.Tensor2D = tf.reshape(joint(allowed), [-1, vocabularySize]); // [B·T, V]
    const asked = rows ? tf.gather(all, rows) : all; // [N, V]
    return tf.maximum(tf.log(normalise(asked)), LOG_ZERO);
  });
}

/** Rows that add up to 1; a row of zeros stays one. */
function normalise(x: tf.Tensor2D): tf.Tensor2D {
  return tf.divNoNan(x, tf.sum(x, -1, true));
}

/** The number of a text in {@linkcode enumerateTexts}. */
function indexOf(text: Int32Array, vocabularySize: number): number {
  return text.reduce((index, id) => index * vocabularySize + id, 0);
}

function entropy(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, p) => p > 0 ? sum - p * Math.log(p) : sum, 0);
}

/** The entropy of the first character, and of each next one given the one before it. */
function chainEntropy({ length, initial, transitions }: MarkovLanguageOptions): number {
  let nats = entropy(initial);
  let marginal = [...initial];
  for (let i = 1; i < length; i++) {
    nats += marginal.reduce((sum, p, id) => sum + p * entropy(transitions[id]!), 0);
    marginal = marginal.map((_, next) =>
      marginal.reduce((sum, p, id) => sum + p * transitions[id]![next]!, 0)
    );
  }
  return nats;
}

function checkLength(length: number): void {
  if (Number.isSafeInteger(length) && length >= 1) return;
  throw new RangeError(`No text has a length of ${length}: give a whole number of at least 1.`);
}

function checkDistribution(probabilities: readonly number[]): void {
  const odd = probabilities.find((p) => !(p >= 0));
  if (odd !== undefined) {
    throw new RangeError(`Probabilities are positive or zero, but one is ${odd}: give another.`);
  }
  const sum = probabilities.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-9) return;
  throw new RangeError(`Probabilities add up to 1, not to ${sum}: give such numbers.`);
}
