import * as Plot from "@observablehq/plot";
import { type Block, escapeMarkup, faintInk, paragraph, stack } from "dlm/display/_block.ts";
import { document } from "dlm/display/_document.ts";
import { type Drawn, figureBlock } from "dlm/display/_figure.ts";
import { columnsOf, DIRECTION_NOTE, glyphInText, readsRightToLeft } from "dlm/display/glyphs.ts";
import { type Displayable, picture } from "dlm/display/picture.ts";

/** Options for {@linkcode maskedText}. */
export interface MaskedTextOptions {
  /**
   * A number for each character of the text, shown as its colour: how confident the
   * model was, or the step at which the character was revealed. NaN leaves a character
   * without colour, and masks have none.
   *
   * @default {undefined}
   */
  values?: ArrayLike<number>;
  /**
   * The values at the two ends of the colour scale.
   *
   * @default {[0, the largest value or 1, whichever is larger]}
   */
  domain?: readonly [number, number];
  /**
   * What the values are; it heads a legend of the colours.
   *
   * @default {"" (no legend)}
   */
  label?: string;
  /**
   * The length, in characters, at which a line is broken.
   *
   * @default {64}
   */
  columns?: number;
  /**
   * What is shown where the text breaks a line itself.
   *
   * @default {"↵"}
   */
  newline?: string;
}

/**
 * A text with masks, to end a cell with. A mask is the character "▒", as
 * `CharTokenizer.decode` writes it, and is drawn as a grey block; other characters may be
 * coloured by a value of their own. What cannot be seen is shown as a sign for it, such as "␛";
 * where a character is twice as wide as a letter, all have as much room.
 *
 * @example
 * ```ts
 * import { maskedText } from "dlm/display/frames/masked_text.ts";
 *
 * maskedText("To ▒e, or ▒ot to ▒e");
 * maskedText("To ▒e", { values: [0.9, 0.8, 1, NaN, 0.4], label: "confidence" });
 * ```
 *
 * @throws {RangeError} if `values` has not one number a character
 */
export function maskedText(text: string, options: MaskedTextOptions = {}): Displayable {
  const block = withDirection(maskedTextBlock(text, options), text);
  const lines = maskedLines(text, options);
  return picture(block, lines.join("\n"), lines.join(" "));
}

/** The lines of the same picture, in plain text. */
export function maskedLines(text: string, options: MaskedTextOptions = {}): string[] {
  return layOut(text, options).map((line) => line.map(({ glyph }) => glyph).join(""));
}

/** A picture of some texts, with a note below if they are read the other way than they stand. */
export function withDirection(block: Block, ...texts: readonly string[]): Block {
  if (!texts.some(readsRightToLeft)) return block;
  return stack([block, paragraph(DIRECTION_NOTE, { color: faintInk })]);
}

/** How many columns the widest character of some texts takes, as it is drawn. */
export function widestColumns(...texts: readonly string[]): number {
  let widest = 1;
  for (const text of texts) {
    for (const character of new Set(text)) {
      widest = Math.max(widest, columnsOf(glyphInText(character)));
    }
  }
  return widest;
}

/** Options for {@linkcode maskedTextBlock}. */
export interface MaskedTextBlockOptions extends MaskedTextOptions {
  /** The room of a character, in columns.
   * @default {as much as the widest of the text needs}
   */
  room?: number;
}

/** The same picture as a block, to be part of a larger one. */
export function maskedTextBlock(text: string, options: MaskedTextBlockOptions = {}): Block {
  const { values, label } = options;
  const length = [...text].length;
  if (values && values.length !== length) {
    throw new RangeError(
      `${values.length} values were given for a text of ${length} characters: give one number for each character.`,
    );
  }
  const numbers = Array.from(values ?? []).filter((value) => !isNaN(value));
  const color = {
    type: "linear",
    domain: options.domain ?? [0, Math.max(1, ...numbers)],
    scheme: "YlGnBu",
    range: [0.08, 0.6], // dark text stays legible on all of it …
    clamp: true, // … and on values outside of the domain
  } as Plot.ScaleOptions;
  const scale = Plot.scale({ color });
  const ground = ({ glyph, index }: Cell): string | undefined => {
    if (glyph === mask) return maskColor;
    const value = values?.[index] ?? NaN;
    return isNaN(value) ? undefined : scale.apply(value);
  };
  const room = options.room ?? widestColumns(text);
  const cells = drawCells(layOut(text, options), { ground, cellWidth: room * columnWidth });
  if (!label) return cells;
  const withDocument = { color, label, document };
  const legend = Plot.legend(withDocument) as unknown as Drawn;
  return stack([figureBlock(legend), cells]);
}

const mask = "▒";
const maskColor = "#c9ced6";
const [columnWidth, cellHeight] = [8, 19];

/** A character where it is shown, and its index in the text. */
interface Cell {
  glyph: string;
  index: number;
}

/** The lines that are shown: broken where the text breaks them, and after `columns`. */
function layOut(text: string, options: MaskedTextOptions): Cell[][] {
  const { columns = 64, newline = "↵" } = options;
  let line: Cell[] = [];
  const lines = [line];
  [...text].forEach((character, index) => {
    const breaks = character === "\n";
    if (line.length >= columns && !breaks) lines.push(line = []);
    line.push({ glyph: breaks ? newline : glyphInText(character), index });
    if (breaks) lines.push(line = []);
  });
  return line.length > 0 ? lines : lines.slice(0, -1);
}

/** How cells are drawn. */
interface CellOptions {
  ground(cell: Cell): string | undefined;
  cellWidth: number;
}

/** Coloured grounds, and over them one text element a line that places each glyph. */
function drawCells(lines: Cell[][], { ground, cellWidth }: CellOptions): Block {
  const grounds = new Map<string, string>();
  const texts = lines.map((line, row) => {
    line.forEach((cell, column) => {
      const color = ground(cell);
      if (color === undefined) return;
      const square = `M${column * cellWidth} ${row * cellHeight}h${cellWidth - 0.5}v17h-${
        cellWidth - 0.5
      }z`;
      grounds.set(color, (grounds.get(color) ?? "") + square);
    });
    // A mask is its ground alone. Plain spaces would collapse and shift what follows.
    const glyphs = line.map(({ glyph }) => glyph === mask || glyph === " " ? "\u00a0" : glyph);
    return placeGlyphs(glyphs, { cellWidth, y: row * cellHeight + 13 });
  });
  const paths = [...grounds].map(([color, d]) => `<path fill="${color}" d="${d}"/>`);
  return {
    markup: `<g font-family="DejaVu Sans Mono, monospace" font-size="13">${
      [...paths, ...texts].join("")
    }</g>`,
    width: cellWidth * Math.max(0, ...lines.map((line) => line.length)),
    height: cellHeight * lines.length,
  };
}

/**
 * One text element for neighbours of one UTF-16 unit each, and one for every other: whether a list
 * of places counts units or characters, browsers and rasterisers do not agree.
 */
function placeGlyphs(glyphs: string[], { cellWidth, y }: { cellWidth: number; y: number }): string {
  let markup = "";
  for (let start = 0; start < glyphs.length;) {
    let end = start + 1;
    while (glyphs[start]!.length === 1 && glyphs[end]?.length === 1) end++;
    const run = glyphs.slice(start, end);
    const x = run.map((_, i) => (start + i) * cellWidth).join(" ");
    markup += `<text x="${x}" y="${y}">${escapeMarkup(run.join(""))}</text>`;
    start = end;
  }
  return markup;
}
