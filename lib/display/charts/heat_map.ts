import * as Plot from "@observablehq/plot";
import { type Block, chartWidth, faintInk, paragraph, stack } from "dlm/display/_block.ts";
import { document } from "dlm/display/_document.ts";
import { type Drawn, figureBlock } from "dlm/display/_figure.ts";
import { type Displayable, picture } from "dlm/display/picture.ts";
import { glyphOf } from "dlm/display/glyphs.ts";
import { plotBlock } from "dlm/display/plot.ts";

/** A matrix: its rows, of one length. */
type Rows = readonly ArrayLike<number>[];

/** Options for {@linkcode heatMap}. */
export interface HeatMapOptions {
  /** What the chart shows, as a statement. */
  title: string;
  /** What the numbers are, with their unit. */
  label: string;
  /** What the columns are. */
  x: string;
  /** What the rows are. */
  y: string;
  /** A character for each column; a space is drawn as "␣", and a line break as "↵"; see {@linkcode glyphOf}.
   * @default {"" (no characters)}
   */
  columns?: string;
  /** A character for each row.
   * @default {"" (no characters)}
   */
  rows?: string;
  /** The numbers at the two ends of the colour scale; if the first is negative, zero is white.
   * @default {[0 or the smallest number, 0 or the largest]}
   */
  domain?: readonly [number, number];
  /** How many maps stand side by side.
   * @default {4}
   */
  across?: number;
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * Matrices as coloured squares, to end a cell with. Each has a name, and all of them share
 * one scale of colours.
 *
 * @example
 * ```ts
 * import { heatMap } from "dlm/display/charts/heat_map.ts";
 *
 * const title = "Each row looks at itself";
 * heatMap({ identity: [[1, 0], [0, 1]] }, { title, label: "weight", x: "column", y: "row" });
 * ```
 *
 * @throws {RangeError} if a matrix is empty, if they differ in size, or if not every row or column
 *   has a character
 */
export function heatMap(
  maps: Readonly<Record<string, Rows>>,
  options: HeatMapOptions,
): Displayable {
  const { title, label, x, y, caption = "" } = options;
  const [height, width] = checkedSize(maps, options);
  const all = Object.values(maps).flatMap((map) => map.flatMap((row) => Array.from(row)));
  const [low, high] = options.domain ??
    [Math.min, Math.max].map((pick) => all.reduce((a, b) => pick(a, b), 0)) as [number, number];
  const color: Plot.ScaleOptions = {
    domain: [low, high],
    clamp: true,
    ...(low < 0 ? { type: "diverging", scheme: "RdBu" } : { type: "linear", scheme: "YlGnBu" }),
  };
  const room = 12; // for the half of the first number that stands before the scale
  const legend = Plot.legend(
    { color, label, width: 240 + room, marginLeft: room, document } as never,
  ) as unknown as Drawn;
  const axes = `to the right: ${x}; downwards: ${y}`;
  const description = [
    title,
    `${Object.keys(maps).join(", ")}, ${height} × ${width} each`,
    `${label}, ${[low, high].map((value) => Number(value.toPrecision(3))).join(" to ")}`,
    axes,
    caption,
  ];
  const faint = (text: string) => text ? [paragraph(text, { color: faintInk })] : [];
  const blocks = [
    paragraph(title, { size: 16 }),
    figureBlock(legend),
    drawMaps(maps, { ...options, color }),
    ...faint(axes),
    ...faint(caption),
  ];
  return picture(stack(blocks), description.filter(Boolean).join("\n"));
}

/** All maps, each under its name, in rows of some. */
function drawMaps(
  maps: Readonly<Record<string, Rows>>,
  options: HeatMapOptions & { color: Plot.ScaleOptions },
): Block {
  const { color, rows = "", columns = "" } = options;
  const entries = Object.entries(maps);
  const across = Math.min(options.across ?? 4, entries.length);
  const [[, first]] = entries as [[string, Rows]];
  const [height, width] = [first.length, first[0]!.length];
  const margin = 18; // of the characters
  const side = Math.min(22, 440 / height, (chartWidth / across - margin - 8) / width);
  const fontSize = Math.min(11, side);
  const blocks = entries.map(([name, map]) =>
    plotBlock({
      width: side * width + margin + 8,
      height: side * height + margin + 22,
      margin: 0,
      marginLeft: margin,
      marginRight: 8,
      marginTop: 22,
      marginBottom: margin,
      x: { axis: null, domain: [0, width] },
      y: { axis: null, domain: [height, 0] },
      color,
      marks: [
        Plot.raster(map.flatMap((row) => Array.from(row)), {
          width,
          height,
          x1: 0,
          x2: width,
          y1: 0,
          y2: height,
          imageRendering: "pixelated",
        }),
        Plot.frame({ strokeOpacity: 0.3 }),
        Plot.text([name], { frameAnchor: "top", lineAnchor: "bottom", dy: -5 }),
        Plot.text(glyphs(columns), {
          ...ink,
          x: (_, j) => j + 0.5,
          frameAnchor: "bottom",
          dy: 12,
          fontSize,
        }),
        Plot.text(glyphs(rows), {
          ...ink,
          y: (_, i) => i + 0.5,
          frameAnchor: "left",
          dx: -10,
          fontSize,
        }),
      ],
    })
  );
  const lines = Array.from(
    { length: Math.ceil(blocks.length / across) },
    (_, i) => beside(blocks.slice(i * across, (i + 1) * across)),
  );
  return stack(lines, 0);
}

function glyphs(text: string): string[] {
  return Array.from(text, (character) => character === "▒" ? "█" : glyphOf(character));
}

/** Masks are grey blocks, as they are in a text. */
const ink: Plot.TextOptions = { fill: (glyph) => glyph === "█" ? "#c9ced6" : "#1f2328" };

/** One block to the right of the other. */
function beside(blocks: readonly Block[]): Block {
  let x = 0;
  const markup = blocks.map((block) => {
    const moved = `<g transform="translate(${x},0)">${block.markup}</g>`;
    x += block.width;
    return moved;
  }).join("");
  return { markup, width: x, height: Math.max(...blocks.map(({ height }) => height)) };
}

function checkedSize(
  maps: Readonly<Record<string, Rows>>,
  { rows, columns }: HeatMapOptions,
): [height: number, width: number] {
  const [first = []] = Object.values(maps);
  const [height, width] = [first.length, first[0]?.length ?? 0];
  if (width === 0) {
    throw new RangeError("There is nothing to draw: give maps of one row and one column at least.");
  }
  for (const [name, map] of Object.entries(maps)) {
    if (map.length === height && map.every((row) => row.length === width)) continue;
    throw new RangeError(
      `The map ${name} is not of ${height} × ${width} numbers like the first one: ` +
        "show matrices of one size together.",
    );
  }
  for (const [names, length] of [[rows, height], [columns, width]] as const) {
    if (!names || [...names].length === length) continue;
    throw new RangeError(
      `${[...names].length} characters are to name ${length} rows or columns: give one for each.`,
    );
  }
  return [height, width];
}
