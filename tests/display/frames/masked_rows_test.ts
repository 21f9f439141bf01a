import assert from "node:assert/strict";
import { maskedRows } from "dlm/display/frames/masked_rows.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { bundleOf } from "../_support.ts";

const tokenizer = new CharTokenizer(["\n", "a", "b"]);

Deno.test("maskedRows() shows a sequence a row, with line breaks as a sign", () => {
  const rows = [Int32Array.of(1, 0, 2), Int32Array.of(3, 3, 1)];
  assert.equal(bundleOf(maskedRows(rows, tokenizer))["text/plain"], "a↵b\n▒▒a");
});

Deno.test("maskedRows() colours each character by its value", () => {
  const rows = [Int32Array.of(1, 2), Int32Array.of(2, 1)];
  const grounds = (values: number[][]) => {
    const svg = bundleOf(maskedRows(rows, tokenizer, { values }))["image/svg+xml"]!;
    return new Set(svg.match(/<path fill="[^"]+"/g)).size;
  };
  assert.equal(grounds([[NaN, NaN], [NaN, NaN]]), 0);
  assert.equal(grounds([[0, 1], [0.5, 1]]), 3);
});

Deno.test("maskedRows() puts the name of each sequence before its row, without a colour", () => {
  const rows = [Int32Array.of(1, 0, 2), Int32Array.of(3, 3, 1)];
  const names = ["t = 0", "half"];
  assert.equal(
    bundleOf(maskedRows(rows, tokenizer, { names }))["text/plain"],
    "t = 0  a↵b\nhalf   ▒▒a",
  );
  const values = [[0, 0, 0], [0, 0, 0]];
  const svg = bundleOf(maskedRows(rows, tokenizer, { names, values }))["image/svg+xml"]!;
  const grounds = svg.match(/M[\d.]+ \d+h7\.5v17/g) ?? [];
  assert.deepEqual([grounds.length, grounds[0]], [6, "M56 0h7.5v17"]); // seven columns to the right
});

Deno.test("maskedRows() throws unless each sequence has a name", () => {
  const rows = [Int32Array.of(1), Int32Array.of(2)];
  assert.throws(
    () => maskedRows(rows, tokenizer, { names: ["one"] }),
    /^RangeError: There are 1 names for 2 sequences: give one for each\.$/,
  );
});

Deno.test("maskedRows() throws if the sequences have different lengths", () => {
  assert.throws(
    () => maskedRows([new Int32Array(2), new Int32Array(3)], tokenizer),
    RangeError,
  );
});

Deno.test("maskedRows() breaks what is wide into rows of equal length, if there are such", () => {
  const lines = (length: number, names?: string[]) => {
    const rows = [new Int32Array(length).fill(1), new Int32Array(length).fill(2)];
    return bundleOf(maskedRows(rows, tokenizer, { ...(names && { names }) }))["text/plain"]!
      .split("\n");
  };
  assert.deepEqual(lines(128), ["a", "a", "b", "b"].map((letter) => letter.repeat(64)));
  assert.deepEqual(lines(64), ["a".repeat(64), "b".repeat(64)]);
  assert.deepEqual(lines(129).map(({ length }) => length), Array(6).fill(43));
  assert.deepEqual(lines(67).map(({ length }) => length), [67, 67]); // a prime number
  assert.equal(lines(128, ["first", "second"]).length, 2);
});
