import assert from "node:assert/strict";
import { createCorpus } from "dlm/corpus.ts";
import { Rng } from "dlm/rng.ts";
import { describeSplitShift, splitShift } from "dlm/training/split_shift.ts";

/** Words of three letters that begin alike often, in the order of an alphabet. */
const words = Array.from({ length: 6000 }, (_, i) => {
  const rng = new Rng(1).stream(i);
  const letter = () => String.fromCharCode(97 + rng.integer(26));
  return String.fromCharCode(97 + Math.floor(i * 26 / 6000)) + letter() + letter();
});
const shuffled = new Rng(2).permutation(words.length);
const sorted = createCorpus("sorted", words.join("\n"));
const mixed = createCorpus("mixed", Array.from(shuffled, (i) => words[i]!).join("\n"));

Deno.test("splitShift() is what it costs to code the end with the frequencies of the beginning", () => {
  // Nine to one, then half and half: the divergence of a coin toss from a tenth.
  const corpus = createCorpus("ab", "aaaaaaaaab".repeat(900) + "ab".repeat(500));
  const bits = -0.5 * Math.log2(4 * 0.9 * 0.1);
  assert(Math.abs(splitShift(corpus) - bits) < 0.01);
});

Deno.test("splitShift() is nothing for parts that are alike, however short", () => {
  assert(splitShift(mixed) < 0.01);
  assert.equal(splitShift(createCorpus("one", "a")), 0);
  const draws = Array.from({ length: 40 }, (_, seed) => {
    const rng = new Rng(seed);
    const text = Array.from({ length: 1000 }, () => String.fromCharCode(97 + rng.integer(26)));
    return splitShift(createCorpus("drawn", text.join("")));
  });
  // Without the share of chance it would be 0.2 on average.
  assert(draws.reduce((sum, bits) => sum + bits, 0) / draws.length < 0.05);
});

Deno.test("describeSplitShift() tells of a sorted list, and not of the same shuffled", () => {
  assert.match(
    describeSplitShift(sorted)!,
    /^The validation part of sorted has other characters .+: \d\.\d\d bits per character come from/,
  );
  assert.equal(describeSplitShift(mixed), undefined);
});
