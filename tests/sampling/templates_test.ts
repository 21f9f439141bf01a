import assert from "node:assert/strict";
import fc from "fast-check";
import { readTemplates } from "dlm/sampling/templates.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

const tokenizer = CharTokenizer.fromText("ab[]123-\n🙂");

const read = (text: string) => readTemplates(text, tokenizer).map((ids) => tokenizer.decode(ids));

Deno.test("readTemplates() makes a hole of each length in brackets", () => {
  assert.deepEqual(read("a[3]b[1]"), ["a▒▒▒b▒"]);
  assert.deepEqual(read("[2]"), ["▒▒"]);
  assert.deepEqual(read("a\nb[1]"), ["a\nb▒"]);
  assert.deepEqual(read("🙂[1]🙂"), ["🙂▒🙂"]);
});

Deno.test("readTemplates() makes a template for each length that a hole may have", () => {
  assert.deepEqual(read("a[0-2]b"), ["ab", "a▒b", "a▒▒b"]);
  assert.deepEqual(read("[1-2]a[3]b[1-2]"), ["▒a▒▒▒b▒", "▒a▒▒▒b▒▒", "▒▒a▒▒▒b▒", "▒▒a▒▒▒b▒▒"]);
  assert.deepEqual(read("[2-2]"), ["▒▒"]);
  assert.deepEqual(read("[0-999]").map(({ length }) => length), [...new Array(1000).keys()]);
});

Deno.test("readTemplates() takes any text with its opening brackets doubled", () => {
  const texts = fc.string({ unit: fc.constantFrom(...tokenizer.characters), maxLength: 20 });
  fc.assert(fc.property(texts, texts, fc.integer({ min: 1, max: 9 }), (before, after, length) => {
    const escape = (text: string) => text.replaceAll("[", "[[");
    const expected = before + "▒".repeat(length) + after;
    assert.deepEqual(read(`${escape(before)}[${length}]${escape(after)}`), [expected]);
  }));
});

Deno.test("readTemplates() throws if a bracket opens no hole, and says how to write one", () => {
  for (const text of ["[", "a[b]", "[]", "[1", "[-1]", "[1-]", "[1.5]", "[[[", "[ 1]"]) {
    assert.throws(() => read(text), {
      name: "RangeError",
      message: /bracket opens no hole: write/,
    });
  }
  for (const hole of ["[0]", "[0-0]", "[3-2]"]) {
    assert.throws(() => read(`a${hole}`), {
      name: "RangeError",
      message: `${hole} is not a hole: give a length of at least 1, such as [10], ` +
        "or the shortest and the longest, such as [0-12].",
    });
  }
  assert.throws(() => read("a[1]x"), { name: "RangeError", message: /"x".* line 1, column 5/ });
});

Deno.test("readTemplates() throws if there is nothing to write, and says so", () => {
  for (const text of ["", "a", "[[1]"]) {
    assert.throws(() => read(text), {
      name: "RangeError",
      message: `There is no hole in ${JSON.stringify(text)}, so there is nothing to write: ` +
        "write one as [10] or [3-12].",
    });
  }
});

Deno.test("readTemplates() refuses too many templates, or too long ones, without making them", () => {
  const cases: [text: string, message: RegExp][] = [
    ["[0-1000]", /1,001 different lengths together, and at most 1,000/],
    ["[0-999]a[0-999]b", /1,000,000 different lengths together/],
    ["[1-900]a[1-900]b", /810,000 different lengths together/],
    ["[0-99999999999]", /100,000,000,000 different lengths/],
    ["a[99999999]", /up to 100,000,000 characters, and at most 100,000/],
    [`a[${"9".repeat(400)}]`, /∞ characters/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => read(text), { name: "RangeError", message });
  }
  assert.equal(read("[50000]a[49999]")[0]!.length, 100_000);
});
