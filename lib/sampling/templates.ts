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
 * @throws {RangeError} if there is no hole, a bracket opens none, a length is impossible, a
 * character is not in the vocabulary, or there would be too many templates, or too long ones
 */
export function readTemplates(text: string, tokenizer: CharTokenizer): Int32Array[] {
  const pieces = [...text.matchAll(PIECES)].map((match) => readPiece(match, text, tokenizer));
  checkPieces(pieces, text);
  let templates: number[][] = [[]];
  for (const piece of pieces) {
    const { maskId } = tokenizer;
    const ways = Array.isArray(piece)
      ? [piece]
      : range(piece).map((length) => new Array<number>(length).fill(maskId));
    templates = templates.flatMap((template) => ways.map((way) => [...template, ...way]));
  }
  return templates.map((template) => Int32Array.from(template));
}

/** A hole of any length from `least` to `most`. */
interface Hole {
  least: number;
  most: number;
}

/** What is given, as token ids, or a hole. */
type Piece = number[] | Hole;

/** A doubled bracket, a hole, text without brackets, or a bracket that should not be there. */
const PIECES = /(\[\[)|\[(\d+)(?:-(\d+))?\]|[^[]+|\[/g;

function readPiece(match: RegExpMatchArray, text: string, tokenizer: CharTokenizer): Piece {
  const [piece, bracket, least, most = least] = match;
  if (piece === "[") throw new RangeError(notAHole(text));
  if (least === undefined) {
    const after = text.slice(0, match.index); // so that messages count from the beginning
    return Array.from(tokenizer.encode(bracket ? "[" : piece, { after }));
  }
  const hole = { least: Number(least), most: Number(most) };
  if (hole.most >= 1 && hole.most >= hole.least) return hole;
  throw new RangeError(
    `${piece} is not a hole: give a length of at least 1, such as [10], or the shortest and the longest, such as [0-12].`,
  );
}

/** How many templates are made at the most … */
const MOST_TEMPLATES = 1000;

/** … and of how many characters each: more would take hours to write. */
const LONGEST_TEMPLATE = 100_000;

/** Refuses what would be too much, before any template is made. */
function checkPieces(pieces: readonly Piece[], text: string): void {
  const holes = pieces.filter((piece): piece is Hole => !Array.isArray(piece));
  if (holes.length === 0) {
    throw new RangeError(
      `There is no hole in ${JSON.stringify(text)}, so there is nothing to write: ` +
        `write one as [10] or [3-12].`,
    );
  }
  const count = holes.reduce((product, { least, most }) => product * (most - least + 1), 1);
  if (count > MOST_TEMPLATES) {
    throw new RangeError(
      `The holes can have ${count.toLocaleString("en")} different lengths together, and at most ` +
        `${MOST_TEMPLATES.toLocaleString("en")} are compared: give narrower ranges.`,
    );
  }
  const lengths = pieces.map((piece) => Array.isArray(piece) ? piece.length : piece.most);
  const longest = lengths.reduce((sum, length) => sum + length, 0);
  if (longest > LONGEST_TEMPLATE) {
    throw new RangeError(
      `With its holes the text has up to ${longest.toLocaleString("en")} characters, and at most ` +
        `${LONGEST_TEMPLATE.toLocaleString("en")} are written: give shorter holes.`,
    );
  }
}

/** The lengths that a hole may have. */
function range({ least, most }: Hole): number[] {
  return Array.from({ length: most - least + 1 }, (_, i) => least + i);
}

function notAHole(text: string): string {
  return `In ${
    JSON.stringify(text)
  } a bracket opens no hole: write a hole as [10] or [3-12], and a bracket as [[.`;
}
