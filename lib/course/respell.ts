import { type CharTokenizer, nearestCharacters } from "dlm/tokenizer.ts";

/**
 * A line in the characters of a vocabulary, so that a cell about "To be, or not to be" can be run
 * with any text: what the vocabulary lacks becomes the nearest that it has, or else its first
 * character, and one sentence on the console says so. Holes such as `[3]` stay holes.
 *
 * @example
 * ```ts
 * import { respell } from "dlm/course/respell.ts";
 * import { CharTokenizer } from "dlm/tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const tokenizer = CharTokenizer.fromText("naïve horse");
 * assert.equal(respell("a horse", tokenizer), "a horse");
 * assert.equal(respell("A [3]e", tokenizer), "a [3]e"); // … and says that it has no "A"
 * ```
 */
export function respell(line: string, tokenizer: CharTokenizer): string {
  const { characters } = tokenizer;
  const lacking = new Set<string>();
  const spell = (character: string) => {
    if (characters.includes(character)) return character;
    lacking.add(JSON.stringify(character));
    return nearestCharacters(character, characters)[0] ?? characters[0]!;
  };
  const spelt = line.split(HOLE)
    .map((piece) => HOLE.test(piece) ? piece : Array.from(piece, spell).join(""))
    .join("");
  if (lacking.size > 0) {
    console.log(
      `The text has no ${[...lacking].join(" ")}, so the line is ${JSON.stringify(spelt)}.`,
    );
  }
  return spelt;
}

const HOLE = /(\[\d+(?:-\d+)?\])/;
