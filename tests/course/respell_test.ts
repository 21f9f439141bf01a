import assert from "node:assert/strict";
import { respell } from "dlm/course/respell.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** What respell() returns, and what it says. */
function spelt(line: string, vocabulary: string): { line: string; said: string[] } {
  const { log } = console;
  const said: string[] = [];
  console.log = (sentence: string) => said.push(sentence);
  try {
    return { line: respell(line, CharTokenizer.fromText(vocabulary)), said };
  } finally {
    console.log = log;
  }
}

Deno.test("respell() leaves a line alone that the text can spell, and says nothing", () => {
  const line = "be [3-12] horse";
  assert.deepEqual(spelt(line, line), { line, said: [] });
});

Deno.test("respell() writes what a text lacks in its nearest characters, and says so once", () => {
  const { line, said } = spelt("To be, to be [2]!", "to be or not.");
  assert.equal(line, "to be. to be [2].");
  assert.deepEqual(said, ['The text has no "T" "," "!", so the line is "to be. to be [2].".']);
});

Deno.test("respell() has an answer in any vocabulary, as long as the line", () => {
  for (const vocabulary of ["白鯨", "01", "\n"]) {
    const { line } = spelt("To be: 7", vocabulary);
    assert.equal([...line].length, 8);
    CharTokenizer.fromText(vocabulary).encode(line); // does not throw
  }
});
