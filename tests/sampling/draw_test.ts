import assert from "node:assert/strict";
import { drawingWeights, type DrawOptions } from "dlm/sampling/draw.ts";

const logits = [0.5, 0.25, 0.15, 0.07, 0.03].map((p) => Math.log(p));

/** The probabilities, to four decimals. */
function drawn(options: DrawOptions): number[] {
  const weights = drawingWeights(logits, options);
  const sum = weights.reduce((a, b) => a + b);
  return Array.from(weights, (weight) => Number((weight / sum).toFixed(4)));
}

Deno.test("drawingWeights() bends, cuts after k characters, and cuts after a probability", () => {
  assert.deepEqual(drawn({}), [0.5, 0.25, 0.15, 0.07, 0.03]);
  assert.deepEqual(drawn({ temperature: 0.5 }), [0.7336, 0.1834, 0.066, 0.0144, 0.0026]);
  assert.deepEqual(drawn({ topK: 2 }), [0.6667, 0.3333, 0, 0, 0]);
  assert.deepEqual(drawn({ topP: 0.8 }), [0.5556, 0.2778, 0.1667, 0, 0]);
  assert.deepEqual(drawn({ topK: 3, topP: 0.6 }), [0.6667, 0.3333, 0, 0, 0]);
});

Deno.test("drawingWeights() may leave one character, and stops where a probability is reached", () => {
  assert.deepEqual(drawn({ topK: 1 }), [1, 0, 0, 0, 0]);
  assert.deepEqual(drawn({ topP: Number.MIN_VALUE }), [1, 0, 0, 0, 0]);
  assert.deepEqual(drawn({ topK: 5, topP: 1 }), drawn({}));
  assert.deepEqual([...drawingWeights([0, 0, 0, 0], { topP: 0.5 })], [1, 1, 0, 0]);
});

Deno.test("drawingWeights() throws if an option makes no sense", () => {
  const cases: [DrawOptions, RegExp][] = [
    ...[0, -1, NaN, Infinity].map((temperature): [DrawOptions, RegExp] => [
      { temperature },
      /^The temperature is .+: it must be above 0\.$/,
    ]),
    ...[0, -1, NaN, 1.5].map((topK): [DrawOptions, RegExp] => [
      { topK },
      /^Top-k is .+: it must be a whole number of at least 1\.$/,
    ]),
    ...[0, -1, NaN, 1.5].map((topP): [DrawOptions, RegExp] => [
      { topP },
      /^Top-p is .+: it must be above 0 and at most 1\.$/,
    ]),
  ];
  for (const [options, message] of cases) {
    assert.throws(() => drawingWeights(logits, options), { name: "RangeError", message });
  }
});
