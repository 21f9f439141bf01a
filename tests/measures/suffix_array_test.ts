import assert from "node:assert/strict";
import fc from "fast-check";
import { indexMatches, suffixArray } from "dlm/measures/_suffix_array.ts";

/** Texts of few characters, which repeat themselves a lot. */
const texts = fc.oneof(
  fc.array(fc.nat(2), { maxLength: 40 }),
  fc.array(fc.nat(1000), { maxLength: 10 }),
  fc.tuple(fc.array(fc.nat(3), { maxLength: 5 }), fc.nat(9)).map(([part, n]) =>
    Array.from({ length: n }, () => part).flat()
  ),
).map((ids) => Int32Array.from(ids));

function compare(a: Int32Array, b: Int32Array): number {
  const i = a.findIndex((id, i) => id !== b[i]);
  return i < 0 ? a.length - b.length : a[i]! - (b[i] ?? -1);
}

Deno.test("suffixArray() has all suffixes in order", () => {
  fc.assert(fc.property(texts, (text) => {
    const expected = [...text.keys()].sort((i, j) => compare(text.subarray(i), text.subarray(j)));
    assert.deepEqual([...suffixArray(text)], expected);
  }));
});

Deno.test("indexMatches() finds how much of a text stands in the source, from each place on", () => {
  fc.assert(fc.property(texts, texts, (source, text) => {
    const within = `,${source.join()},`;
    const expected = text.map((_, i) => {
      let length = 0;
      while (
        i + length < text.length && within.includes(`,${text.slice(i, i + length + 1).join()},`)
      ) {
        length++;
      }
      return length;
    });
    assert.deepEqual(indexMatches(source)(text), expected);
  }));
});
