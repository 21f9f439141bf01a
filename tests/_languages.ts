import { enumeratedLanguage, enumerateTexts } from "dlm/languages/known_languages.ts";
import { Rng } from "dlm/rng.ts";

/** Three characters, texts of three of them. */
export const V = 3;
export const T = 3;
export const maskId = V;

/** All texts of the language. */
export const texts = enumerateTexts(V, T);

/** How probable each is: anything, in no order, and one of them cannot be. */
export const probabilities = randomProbabilities();

/** A language without any structure to lean on, known exactly. */
export const language = enumeratedLanguage({ vocabularySize: V, length: T, probabilities });

/** The texts that can be. */
export const possibleTexts = texts.filter((_, n) => probabilities[n]! > 0);

function randomProbabilities(): number[] {
  const rng = new Rng(1);
  const weights = texts.map((_, n) => n === 11 ? 0 : 0.2 + rng.uniform() ** 4 * 3);
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Everything that noise can make of texts: each place a character or a mask. */
export const everyNoisy = enumerateTexts(V + 1, T);

/** Whether a text may be behind what shows. */
export function fits(text: Int32Array, noisy: Int32Array): boolean {
  return noisy.every((id, i) => id === maskId || id === text[i]);
}

/** The probability that a text drawn from the language fits what shows. */
export function probabilityOf(noisy: Int32Array): number {
  return texts.reduce((sum, text, n) => fits(text, noisy) ? sum + probabilities[n]! : sum, 0);
}

/** `p(x_i = id | what shows)`, in doubles, by adding up texts. */
export function conditional(noisy: Int32Array, i: number, id: number): number {
  if (noisy[i] !== maskId) return noisy[i] === id ? 1 : 0;
  return probabilityOf(noisy.with(i, id)) / probabilityOf(noisy);
}

/** A text with every set of its places masked, but the empty one. */
export function everyMask(clean: Int32Array, mask: number = maskId): Int32Array[] {
  return Array.from(
    { length: 2 ** clean.length - 1 },
    (_, n) => clean.map((id, i) => (n + 1) >> i & 1 ? mask : id),
  );
}

/** How many places are masked. */
export function maskCount(noisy: Int32Array, mask: number = maskId): number {
  return noisy.filter((id) => id === mask).length;
}
