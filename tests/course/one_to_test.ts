import assert from "node:assert/strict";
import { oneTo } from "dlm/course/one_to.ts";

Deno.test("oneTo() counts from 1", () => {
  assert.deepEqual([oneTo(1), oneTo(4)], [[1], [1, 2, 3, 4]]);
});

Deno.test("oneTo() throws if there is nothing to count, or too much", () => {
  for (const n of [0, -1, 1.5, NaN, Infinity, 10_000_001]) {
    assert.throws(() => oneTo(n), {
      name: "RangeError",
      message: `Cannot count from 1 to ${n}: give a whole number from 1 to 10,000,000.`,
    });
  }
});

Deno.test("oneTo() counts up to ten million", () => {
  assert.equal(oneTo(10_000_000).at(-1), 10_000_000);
});
