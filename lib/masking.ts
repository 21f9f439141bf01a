import type { Rng } from "dlm/rng.ts";
import { revealProbability, type Schedule } from "dlm/schedule.ts";

/** Options for {@linkcode maskIndependently}. */
export interface MaskIndependentlyOptions {
  /** The id of the mask token. */
  maskId: number;
  /** The probability that a character stays: a schedule's `alpha(t)`. */
  alpha: number;
  rng: Rng;
}

/**
 * The forward process `q(x_t | x_0)`: each character is kept with probability `alpha` and
 * masked otherwise, independently of the others (Austin et al., 2021, D3PM with an
 * absorbing state).
 *
 * @param tokens `x_0`, any number of token ids
 * @returns `x_t`, a new array
 */
export function maskIndependently(
  tokens: Int32Array,
  options: MaskIndependentlyOptions,
): Int32Array {
  const { maskId, alpha, rng } = options;
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(`alpha is ${alpha}: a probability lies in [0, 1].`);
  }
  return tokens.map((token) => rng.uniform() < alpha ? token : maskId);
}

/** Options for {@linkcode maskExactly}. */
export interface MaskExactlyOptions {
  /** The id of the mask token. */
  maskId: number;
  /** How many characters to mask. */
  count: number;
  rng: Rng;
}

/**
 * Masks exactly `count` characters, every set of that many positions being equally
 * likely. With `count` uniform in `1..T` this is the corruption of any-order
 * autoregressive models (Hoogeboom et al., 2022, ARDM), whose bound is that of masked
 * diffusion without an integral over time.
 *
 * @param tokens one sequence `x_0` of T token ids
 * @returns the corrupted sequence, a new array
 * @throws {RangeError} unless `0 <= count <= T`
 */
export function maskExactly(tokens: Int32Array, options: MaskExactlyOptions): Int32Array {
  const { maskId, count, rng } = options;
  if (!(Number.isInteger(count) && count >= 0 && count <= tokens.length)) {
    throw new RangeError(
      `Cannot mask ${count} of ${tokens.length} characters: give a whole number between 0 and ${tokens.length}.`,
    );
  }
  const masked = Int32Array.from(tokens);
  for (const position of rng.permutation(tokens.length, count)) {
    masked[position] = maskId;
  }
  return masked;
}

/** Options for {@linkcode samplePosterior}. */
export interface SamplePosteriorOptions {
  /** The text without noise, `x_0`. */
  clean: Int32Array;
  /** The id of the mask token. */
  maskId: number;
  schedule: Schedule;
  /** The time of the tokens given. */
  t: number;
  /** The earlier time to go to. */
  s: number;
  rng: Rng;
}

/**
 * Draws from the posterior `q(x_s | x_t, x_0)` for an earlier time `s < t`: a masked
 * character shows its true value with probability `(alpha_s - alpha_t) / (1 - alpha_t)`,
 * and a character that shows never changes (Sahoo et al., 2024, MDLM, equation 6).
 *
 * @param tokens `x_t`
 * @returns `x_s`, a new array
 */
export function samplePosterior(tokens: Int32Array, options: SamplePosteriorOptions): Int32Array {
  const { clean, maskId, schedule, t, s, rng } = options;
  const reveal = revealProbability(schedule, s, t);
  return tokens.map((token, i) => token === maskId && rng.uniform() < reveal ? clean[i]! : token);
}
