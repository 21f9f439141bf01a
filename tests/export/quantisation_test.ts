import assert from "node:assert/strict";
import fc from "fast-check";
import { quantise } from "dlm/export/quantisation.ts";

const parameters = fc.float32Array({ noNaN: true, noDefaultInfinity: true, min: -8, max: 8 });

Deno.test("quantise() leaves 2^bits - 1 values at equal distances, and moves none by more than half of one", () => {
  const bits = fc.integer({ min: 2, max: 8 });
  fc.assert(fc.property(parameters, bits, (values, bits) => {
    const largest = Math.max(0, ...values.map(Math.abs));
    fc.pre(largest > 1e-30);
    const rounded = quantise(values, bits);
    const most = 2 ** (bits - 1) - 1;
    const step = largest / most;
    rounded.forEach((x, i) => {
      const index = x / step;
      assert(Math.abs(index - Math.round(index)) < 1e-4, `${x} is not a multiple of ${step}`);
      assert(Math.abs(Math.round(index)) <= most);
      assert(Math.abs(x - values[i]!) <= step / 2 * (1 + 1e-4));
    });
  }));
});

Deno.test("quantise() keeps the largest number, and zeros, and what it is given", () => {
  const values = Float32Array.of(0.3, -5, 0, 0.1);
  assert.deepEqual(quantise(values, 2), Float32Array.of(0, -5, 0, 0));
  assert.deepEqual(values, Float32Array.of(0.3, -5, 0, 0.1));
  assert.deepEqual(quantise(new Float32Array(2), 8), new Float32Array(2));
});

Deno.test("quantise() throws if the number of bits leaves no values, or is no number", () => {
  for (const bits of [1, 0, -1, 2.5, 25, NaN]) {
    assert.throws(() => quantise(Float32Array.of(1), bits), {
      name: "RangeError",
      message: `A number cannot be rounded to ${bits} bits: give a whole number from 2 to 24.`,
    });
  }
});
