import assert from "node:assert/strict";
import { learnByHeart } from "dlm/measures/novelty.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

const SOURCE = "my horse, be quiet";
const tokenizer = CharTokenizer.fromText(`${SOURCE}xz`);
const known = learnByHeart(tokenizer.encode(SOURCE));
const encode = (text: string) => tokenizer.encode(text);

Deno.test("copiedRuns() are the longest runs through each character", () => {
  const runs = (text: string) => [...known.copiedRuns(encode(text))];
  assert.deepEqual(runs("be horse"), [3, 3, 6, 6, 6, 6, 6, 6]); // "be " and " horse" share a space
  assert.deepEqual(runs(SOURCE), Array(SOURCE.length).fill(SOURCE.length));
  assert.deepEqual(runs("xqz"), [0, 1, 0]);
  assert.deepEqual(runs(""), []);
});

Deno.test("novelty() is the share of n-grams that are not known, in all texts together", () => {
  assert.deepEqual(known.novelty([encode("be horse")], [2, 4, 8]), [[2, 0], [4, 2 / 5], [8, 1]]);
  assert.deepEqual(known.novelty([encode(SOURCE)], [1, 5, SOURCE.length]), [
    [1, 0],
    [5, 0],
    [SOURCE.length, 0],
  ]);
  // "be" and "x": one 1-gram of three is new, and the shorter text has no 2-gram.
  assert.deepEqual(known.novelty([encode("be"), encode("x")], [1, 2]), [[1, 1 / 3], [2, 0]]);
});

Deno.test("novelty() throws if there is no n-gram", () => {
  assert.throws(() => known.novelty([encode("be")], [2, 3]), {
    name: "RangeError",
    message: /No text has 3 characters/,
  });
});

Deno.test("novelty() throws if n is not a length", () => {
  for (const n of [0, -1, 2.5, NaN]) {
    assert.throws(() => known.novelty([encode("be")], [n]), {
      name: "RangeError",
      message: `There are no ${n}-grams: give whole numbers of at least 1.`,
    });
  }
});
