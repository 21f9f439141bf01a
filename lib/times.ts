import { oneTo } from "dlm/one_to.ts";
import type { Rng } from "dlm/rng.ts";

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
  return Float64Array.from(oneTo(count), () => rng.uniform());
}

/**
 * One time in each of `count` equal parts of [0, 1), anywhere within it (stratified
 * sampling; the "antithetic" times of Sahoo et al., 2024, MDLM). The parts are dealt out at
 * random, since a sequence that always got the first would always be nearly clean.
 */
export function stratifiedTimes(count: number, rng: Rng): Float64Array {
  const parts = rng.permutation(count);
  return Float64Array.from(oneTo(count), (n) => (parts[n - 1]! + rng.uniform()) / count);
}

/**
 * Times at equal distances, moved together by one random offset (systematic sampling;
 * Kingma et al., 2021, VDM, appendix I.1).
 */
export function sharedOffsetTimes(count: number, rng: Rng): Float64Array {
  const offset = rng.uniform();
  return Float64Array.from(oneTo(count), (n) => (offset + (n - 1) / count) % 1);
}
