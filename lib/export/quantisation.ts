/**
 * Numbers rounded to few bits: to the nearest of `2^bits - 1` values at equal distances, from
 * the most negative one to its opposite, zero in the middle (uniform symmetric quantisation;
 * Krishnamoorthi, 2018, section 2.2).
 *
 * @example
 * ```ts
 * import { quantise } from "dlm/export/quantisation.ts";
 * import assert from "node:assert/strict";
 *
 * // Two bits leave three values: -1, 0 and 1.
 * assert.deepEqual(quantise(Float32Array.of(-1, 0.7, 0.2), 2), Float32Array.of(-1, 1, 0));
 * ```
 *
 * @param values such as a parameter's; the largest of them, whatever its sign, stays as it is
 * @returns a new array
 * @throws {RangeError} unless `bits` is a whole number from 2 to 24, which is all that a float32 has
 */
export function quantise(values: Float32Array, bits: number): Float32Array {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 24)) {
    throw new RangeError(
      `A number cannot be rounded to ${bits} bits: give a whole number from 2 to 24.`,
    );
  }
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) return values.slice();
  const step = largest / (2 ** (bits - 1) - 1);
  return values.map((x) => step * Math.round(x / step));
}
