import type { Rng } from "dlm/rng.ts";

/**
 * A noise schedule of masked diffusion: `alpha(t)` is the probability that a character
 * is still there at time `t`, falling from `alpha(0) = 1` (text) to `alpha(1) = 0`
 * (all masks).
 *
 * The loss depends on a schedule only through its end points (Sahoo et al., 2024,
 * MDLM, section 3.4); what a schedule changes is the spread of the loss's estimates
 * and where the steps of a sampler lie.
 */
export interface Schedule {
  /** What to call it in a plot. */
  readonly name: string;
  /** The probability that a character is unmasked at time `t` of [0, 1]; a RangeError beyond. */
  alpha(t: number): number;
  /** d alpha / dt, negative or zero. */
  derivative(t: number): number;
  /** The time at which `alpha(t) = alpha`, of [0, 1]; a RangeError beyond. */
  inverse(alpha: number): number;
}

/**
 * `alpha_t = 1 - t`: characters disappear at a constant rate. In the papers that write
 * a schedule by its total noise `sigma(t) = -log(alpha_t)`, this is the "log-linear" one
 * (Lou et al., 2024, SEDD; Sahoo et al., 2024, MDLM).
 */
export const linear: Schedule = {
  name: "linear",
  alpha: (t) => 1 - checked(t),
  derivative: () => -1,
  inverse: (alpha) => 1 - checkedShare(alpha),
};

/**
 * `alpha_t = 1 - cos(pi/2 · (1 - t)) = 1 - sin(pi/2 · t)`: as a sampler walks from `t = 1`
 * to `0` it reveals few characters at first and many at the end (Chang et al., 2022,
 * MaskGIT; Shi et al., 2024, MD4, table 4).
 */
export const cosine: Schedule = {
  name: "cosine",
  alpha: (t) => 1 - Math.sin((Math.PI / 2) * checked(t)),
  derivative: (t) => -(Math.PI / 2) * Math.cos((Math.PI / 2) * t),
  inverse: (alpha) => Math.asin(1 - checkedShare(alpha)) * (2 / Math.PI),
};

/**
 * `alpha_t = 1 - t^power` (Shi et al., 2024, MD4, table 4); `polynomial(1)` is linear.
 *
 * @throws {RangeError} if the power is not positive
 */
export function polynomial(power: number): Schedule {
  if (!(power > 0 && power < Infinity)) {
    throw new RangeError(
      `The power of a polynomial schedule is ${power}: it must be above 0, and finite.`,
    );
  }
  return {
    name: `polynomial(${power})`,
    alpha: (t) => 1 - checked(t) ** power,
    derivative: (t) => -power * t ** (power - 1),
    inverse: (alpha) => (1 - checkedShare(alpha)) ** (1 / power),
  };
}

/** Options for {@linkcode geometric}. */
export interface GeometricOptions {
  /** Total noise at `t = 0`.
   * @default {1e-5}
   */
  sigmaMin?: number;
  /** Total noise at `t = 1`.
   * @default {20}
   */
  sigmaMax?: number;
}

/**
 * Total noise that grows by a constant factor, `sigma(t) = sigmaMin^(1-t) · sigmaMax^t`
 * and `alpha_t = exp(-sigma(t))` (Lou et al., 2024, SEDD; Shi et al., 2024, MD4, table 4).
 * As published it starts a little below 1 and ends a little above 0; here it is stretched
 * to reach both, so that every schedule has the same end points.
 *
 * @throws {RangeError} unless `0 < sigmaMin < sigmaMax`, and they differ enough
 */
export function geometric(options: GeometricOptions = {}): Schedule {
  const { sigmaMin = 1e-5, sigmaMax = 20 } = options;
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && sigmaMax < Infinity)) {
    throw new RangeError(
      `A geometric schedule needs 0 < sigmaMin < sigmaMax, not ${sigmaMin} and ${sigmaMax}.`,
    );
  }
  const growth = Math.log(sigmaMax / sigmaMin);
  const sigma = (t: number) => sigmaMin ** (1 - t) * sigmaMax ** t;
  const first = Math.exp(-sigmaMin);
  const last = Math.exp(-sigmaMax);
  const range = first - last;
  if (!(range > 0)) {
    throw new RangeError(
      `A geometric schedule from ${sigmaMin} to ${sigmaMax} hides the same share at both ends, as ` +
        `far as numbers go: let the noise end between 1 and 100.`,
    );
  }
  return {
    name: "geometric",
    alpha: (t) => (Math.exp(-sigma(checked(t))) - last) / range,
    derivative: (t) => -growth * sigma(t) * Math.exp(-sigma(t)) / range,
    inverse: (alpha) => {
      const noise = -Math.log(last + checkedShare(alpha) * range);
      return Math.min(1, Math.max(0, Math.log(noise / sigmaMin) / growth)); // which rounding leaves
    },
  };
}

/**
 * How much a masked character's cross-entropy counts at time `t` in the continuous-time
 * bound: `-alpha'_t / (1 - alpha_t)`, which is `1 / t` for the linear schedule (Sahoo et
 * al., 2024, MDLM, equation 10; Shi et al., 2024, MD4, equation 5). It has no limit at
 * `t = 0`, and is no number or infinite where so little is masked that `alpha_t` rounds to 1.
 */
export function lossWeight(schedule: Schedule, t: number): number {
  return -schedule.derivative(t) / (1 - schedule.alpha(t));
}

/**
 * The probability that a character masked at time `t` is revealed on the way to the
 * earlier time `s`: `(alpha_s - alpha_t) / (1 - alpha_t)` (Sahoo et al., 2024, MDLM,
 * equation 6). It is 1 for `s = 0`, and where so little is masked that `alpha_t` rounds to 1.
 *
 * @throws {RangeError} unless `0 <= s < t <= 1`
 */
export function revealProbability(schedule: Schedule, s: number, t: number): number {
  if (!(0 <= s && s < t && t <= 1)) {
    throw new RangeError(`Revealing goes from t to an earlier s of [0, 1], not from ${t} to ${s}.`);
  }
  const alpha = schedule.alpha(t);
  return s === 0 || alpha === 1 ? 1 : (schedule.alpha(s) - alpha) / (1 - alpha);
}

/**
 * A way to draw the times of a batch. Each time by itself is uniform in [0, 1), so that the
 * loss has one expectation whichever way is taken; the ways differ in how evenly the times
 * of a batch lie, and so in how much its loss scatters.
 *
 * @throws {RangeError} if the batch would have no time, or `count` is no whole number
 */
export type DrawTimes = (count: number, rng: Rng) => Float64Array;

/** Each time by itself, wherever the others are. */
export function independentTimes(count: number, rng: Rng): Float64Array {
  return timesOf(count, () => rng.uniform());
}

/**
 * One time in each of `count` equal parts of [0, 1), anywhere within it (stratified
 * sampling; the "antithetic" times of Sahoo et al., 2024, MDLM). The parts are dealt out at
 * random, since a sequence that always got the first would always be nearly clean.
 */
export function stratifiedTimes(count: number, rng: Rng): Float64Array {
  const parts = rng.permutation(count);
  return timesOf(count, (n) => (parts[n]! + rng.uniform()) / count);
}

/**
 * Times at equal distances, moved together by one random offset (systematic sampling;
 * Kingma et al., 2021, VDM, appendix I.1).
 */
export function sharedOffsetTimes(count: number, rng: Rng): Float64Array {
  const offset = rng.uniform();
  return timesOf(count, (n) => (offset + n / count) % 1);
}

/** One time for each sequence of a batch, counted from 0. */
function timesOf(count: number, draw: (n: number) => number): Float64Array {
  if (!(Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError(`A batch cannot have ${count} times: give a whole number of at least 1.`);
  }
  return Float64Array.from({ length: count }, (_, n) => draw(n));
}

/** A time, if it is one. */
function checked(t: number): number {
  if (t >= 0 && t <= 1) return t;
  throw new RangeError(`The time is ${t}: give one from 0 (text) to 1 (all masks).`);
}

/** A share of unmasked characters, if it is one. */
function checkedShare(alpha: number): number {
  if (alpha >= 0 && alpha <= 1) return alpha;
  throw new RangeError(`The share is ${alpha}: give one from 0 (all masks) to 1 (text).`);
}
