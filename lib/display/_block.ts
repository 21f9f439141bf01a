import { createHash } from "node:crypto";
import { columnsOf } from "dlm/display/glyphs.ts";

/** A piece of a picture: SVG elements from (0, 0) on, and the room they take, in pixels. */
export interface Block {
  markup: string;
  width: number;
  height: number;
}

/** The colour of text and lines where nothing else is asked for. */
export const ink = "#1f2328";

/** The colour of text that matters less. */
export const faintInk = "#6a737d";

/** How wide Plot draws a chart, in pixels, unless it is told otherwise. */
export const chartWidth = 640;

/** Text as it may stand in XML, in an element as in an attribute. */
export function escapeMarkup(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.toWellFormed()
    .replace(/[&<>"]/g, (character) => entities[character]!)
    // deno-lint-ignore no-control-regex -- those that XML cannot hold at all
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
}

/** How a paragraph is written. */
interface ParagraphOptions {
  /** The size of the letters, in pixels.
   * @default {12}
   */
  size?: number;
  /** Their colour.
   * @default {ink}
   */
  color?: string;
}

/** Prose, in lines no wider than a chart. */
export function paragraph(text: string, options: ParagraphOptions = {}): Block {
  const { size = 12, color = ink } = options;
  const most = Math.floor(chartWidth / textWidth("n", size));
  const line = new RegExp(`\\S.{0,${most - 1}}(?=\\s|$)|\\S+`, "gs");
  const lines = text.match(line) ?? [];
  const lineHeight = Math.round(1.4 * size);
  const markup = lines.map((line, i) =>
    `<text y="${i * lineHeight + size}" font-size="${size}" fill="${color}">${
      escapeMarkup(line)
    }</text>`
  ).join("");
  const longest = Math.max(0, ...lines.map((line) => textWidth(line, size)));
  return { markup, width: longest, height: lines.length * lineHeight };
}

/** About how wide a text is: what draws the SVG picks the font, so no measure is exact. */
export function textWidth(text: string, size: number): number {
  return 0.6 * size * Array.from(text, columnsOf).reduce((sum, columns) => sum + columns, 0);
}

/** One block above the other. */
export function stack(blocks: readonly Block[], gap = 6): Block {
  let y = 0;
  const markup = blocks.map((block) => {
    const moved = `<g transform="translate(0,${y})">${block.markup}</g>`;
    y += block.height + gap;
    return moved;
  }).join("");
  const width = Math.max(0, ...blocks.map((block) => block.width));
  return { markup, width, height: Math.max(0, y - gap) };
}

/** How far a picture is from its edge, in pixels. */
export const margin = 8;

/** The size of a whole picture, in pixels. */
export function sizeOf(block: Block): { width: number; height: number } {
  return {
    width: Math.ceil(block.width) + 2 * margin,
    height: Math.ceil(block.height) + 2 * margin,
  };
}

/**
 * A whole SVG document. It brings its own white ground and its own ink, because a dark
 * theme would otherwise write black on black.
 */
export function toSvg(block: Block, label: string): string {
  const { width, height } = sizeOf(block);
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"` +
    ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
    ` role="img" aria-label="${escapeMarkup(label)}" style="max-width:100%;height:auto"` +
    ` font-family="system-ui, sans-serif" fill="${ink}">` +
    `<rect width="100%" height="100%" fill="white"/>` +
    `<g transform="translate(${margin},${margin})">${withOwnIds(block.markup)}</g></svg>`;
}

/**
 * The same with other ids in the place of Plot's, which every process counts from 1 on: in a page
 * of several pictures the one would take its markers from the other. Made from the content, they
 * change only when the picture does.
 */
function withOwnIds(markup: string): string {
  const plotId = /plot-(?:marker|clip|pattern)-\d+/g;
  const ids = [...new Set(markup.match(plotId))];
  const numbered = markup.replace(plotId, (id) => `own-${ids.indexOf(id)}`);
  const key = createHash("sha256").update(numbered).digest("hex").slice(0, 8);
  return markup.replace(plotId, (id) => `plot-${key}-${ids.indexOf(id)}`);
}
