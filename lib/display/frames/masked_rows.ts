import { maskedText } from "dlm/display/frames/masked_text.ts";
import type { Displayable } from "dlm/display/picture.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** The widest row that is left whole, if it can be broken evenly. */
const WIDEST = 64;

/** Options for {@linkcode maskedRows}. */
export interface MaskedRowsOptions {
  /** What each sequence is, such as "t = 0.4"; it stands before its row.
   * @default {undefined}
   */
  names?: readonly string[];
  /** For each sequence a number for each of its tokens, shown as its colour; NaN is none.
   * @default {undefined}
   */
  values?: readonly ArrayLike<number>[];
  /** What the values are.
   * @default {"" (no legend)}
   */
  label?: string;
  /** The values at the two ends of the colour scale.
   * @default {[0, the largest value or 1, whichever is larger]}
   */
  domain?: readonly [number, number];
}

/**
 * Sequences of one length, one a row, to end a cell with: see `maskedText()`. A line break
 * is shown as a sign and breaks nothing. Where no names stand before them, sequences of more than
 * 64 tokens fill several rows of equal length each, if there are such.
 *
 * @throws {RangeError} if the sequences have different lengths, or not each of them has a name
 */
export function maskedRows(
  sequences: readonly Int32Array[],
  tokenizer: CharTokenizer,
  options: MaskedRowsOptions = {},
): Displayable {
  const columns = sequences[0]?.length ?? 0;
  const odd = sequences.find(({ length }) => length !== columns);
  if (odd) {
    throw new RangeError(
      `A sequence has ${odd.length} tokens and another ${columns}: show those of one length together.`,
    );
  }
  const { values, ...rest } = options;
  const names = namesBefore(sequences.length, options.names);
  const rows = sequences.map((ids, i) => names[i] + tokenizer.decode(ids).replaceAll("\n", "↵"));
  const uncoloured = Array.from(names[0] ?? "", () => NaN);
  return maskedText(rows.join(""), {
    ...rest,
    columns: options.names ? uncoloured.length + columns : evenly(columns),
    ...(values && { values: values.flatMap((row) => [...uncoloured, ...Array.from(row)]) }),
  });
}

/** How wide rows are when a sequence fills a whole number of them. */
function evenly(length: number): number {
  const width = length / Math.ceil(length / WIDEST);
  return Number.isInteger(width) ? width : length;
}

/** The names of some rows, made equally long; or nothing before each. */
function namesBefore(count: number, names?: readonly string[]): string[] {
  if (!names) return Array.from({ length: count }, () => "");
  if (names.length !== count) {
    throw new RangeError(
      `There are ${names.length} names for ${count} sequences: give one for each.`,
    );
  }
  const longest = Math.max(0, ...names.map((name) => [...name].length));
  return names.map((name) => name + " ".repeat(longest + 2 - [...name].length));
}
