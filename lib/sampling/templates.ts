import type { CharTokenizer } from "dlm/tokenizer.ts";

/**
 * Reads what to write and what is given: text in which `[40]` is a hole of 40 characters,
 * and `[3-12]` one of 3 to 12. A bracket that is meant as such is doubled, `[[`; one that
 * closes needs nothing.
 *
 * @example
 * ```ts
 * import { readTemplates } from "dlm/sampling/templates.ts";
 * import { CharTokenizer } from "dlm/tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const tokenizer = CharTokenizer.fromText("be [or] not");
 * const templates = readTemplates("[[be] [2-3] not", tokenizer);
 * assert.deepEqual(templates.map((ids) => tokenizer.decode(ids)), ["[be] ▒▒ not", "[be] ▒▒▒ not"]);
 * ```
 *
 * @returns token ids with a mask for each character of a hole: one template, or one for each
 * length of the holes whose length is left open
 * @throws {RangeError} if a bracket opens no hole, a length is impossible, or a character is
 * not in the vocabulary
 */
export function readTemplates(text: string, tokenizer: CharTokenizer): Int32Array[] {
  let templates: number[][] = [[]];
  for (const [piece, bracket, least, most = least] of text.matchAll(PIECES)) {
    if (least === undefined) {
      const given = bracket ? "[" : piece;
      if (piece === "[") throw new RangeError(notAHole(text));
      const ids = tokenizer.encode(given);
      templates = templates.map((template) => [...template, ...ids]);
    } else {
      const lengths = range(Number(least), Number(most), piece);
      templates = templates.flatMap((template) =>
        lengths.map((length) => [...template, ...new Array(length).fill(tokenizer.maskId)])
      );
    }
  }
  return templates.map((template) => Int32Array.from(template));
}

/** A doubled bracket, a hole, text without brackets, or a bracket that should not be there. */
const PIECES = /(\[\[)|\[(\d+)(?:-(\d+))?\]|[^[]+|\[/g;

/** The whole numbers from `least` to `most`. */
function range(least: number, most: number, hole: string): number[] {
  if (most >= 1 && most >= least && most - least < 1000) {
    return Array.from({ length: most - least + 1 }, (_, i) => least + i);
  }
  throw new RangeError(
    `${hole} is no hole: give a length of at least 1, such as [10], or the shortest and the longest, such as [0-12].`,
  );
}

function notAHole(text: string): string {
  return `In ${
    JSON.stringify(text)
  } a bracket opens no hole: write a hole as [10] or [3-12], and a bracket as [[.`;
}
