import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { firstShown, rowsOf, terminalText } from "dlm/display/frames/terminal.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { frameOf, FRAMES, tokenizer } from "../_frames.ts";

Deno.test("terminalText() is the text, with styles around it that end with it", () => {
  for (const frame of FRAMES) {
    const text = terminalText(frame, tokenizer);
    assert.equal(stripVTControlCharacters(text), tokenizer.decode(frame.sequences[0]!));
    assert(text.endsWith("\x1b[0m"));
  }
});

Deno.test("terminalText() tells given, written and masked characters apart, and shades of confidence", () => {
  const style = (text: string, confidence: number) =>
    terminalText(frameOf(text, [confidence]), tokenizer).split("m")[0];
  const styles = [
    style("▒", NaN),
    style("a", NaN),
    ...[0, 0.3, 0.5, 0.7, 1].map((c) => style("a", c)),
  ];
  assert.equal(new Set(styles).size, 7);
  assert.equal(style("a", 0.99), style("a", 1));
});

Deno.test("terminalText() starts a style only where it changes", () => {
  assert.equal(terminalText(frameOf("▒▒a▒▒"), tokenizer).split("\x1b").length - 1, 4);
});

Deno.test("rowsOf() counts the rows that a text fills on a terminal", () => {
  assert.equal(rowsOf("", 10), 1);
  assert.equal(rowsOf("a\n\nb", 10), 3);
  assert.equal(rowsOf("a".repeat(10), 10), 1);
  assert.equal(rowsOf(`${"a".repeat(11)}\n${"🙂".repeat(25)}`, 10), 2 + 5);
  assert.equal(rowsOf("漢".repeat(8), 5), 4, "the fifth column has no room for the third");
  assert.equal(rowsOf("◌\u0301".repeat(10), 10), 1, "a mark takes no column of its own");
});

Deno.test("of a text that is higher than the terminal, firstShown() leaves the last rows", () => {
  const shown = (text: string, rows: number) =>
    text.slice(firstShown(frameOf(text), tokenizer, { columns: 3, rows }));
  assert.equal(shown("aa\nbb\nab", 24), "aa\nbb\nab");
  assert.equal(shown("aa\nbb\nab", 3), "bb\nab");
  assert.equal(shown("▒▒▒▒▒▒▒▒", 3), "▒▒▒▒▒");
  assert.equal(shown("a▒\n▒▒▒▒b", 2), "▒b");
  const tail = stripVTControlCharacters(terminalText(frameOf("ab\nba"), tokenizer, 3));
  assert.equal(tail, "ba");
});

Deno.test("terminalText() writes nothing that a terminal would obey, but ends of lines", () => {
  const odd = CharTokenizer.fromText("\0\n\r\x1ba\u0301\u202e漢");
  const ids = odd.encode("a\x1b\r\n\0\u0301\u202e漢");
  const frame = { ...FRAMES[0]!, sequences: [ids], confidences: [new Float64Array(8).fill(1)] };
  assert.equal(stripVTControlCharacters(terminalText(frame, odd)), "a␛␍\n␀◌\u0301⍰漢");
});
