import * as Plot from "@observablehq/plot";
import { colorsOf } from "dlm/display/charts/_colors.ts";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";

/** Points to be joined: x and y of each. */
export type Line = readonly (readonly [x: number, y: number])[];

/** Options for {@linkcode lines}. */
export interface LinesOptions {
  /** What the chart shows, as a statement. */
  title: string;
  /** What is drawn to the right, with its unit. */
  x: string;
  /** What is drawn upwards, with its unit. */
  y: string;
  /**
   * Draws the mean of so many neighbouring points in the place of each.
   *
   * @default {1}
   */
  smooth?: number;
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * One or several lines over a common axis, to end a cell with; each has a name, which a
 * legend tells if there are several; what begins with "our" stands out. Short lines show their points.
 *
 * @example
 * ```ts
 * import { lines } from "dlm/display/charts/lines.ts";
 *
 * const title = "Half of the text is left at half of the time";
 * lines({ linear: [[0, 1], [1, 0]] }, { title, x: "time t", y: "alpha(t)" });
 * ```
 *
 * @throws {RangeError} if there is no point with finite numbers
 */
export function lines(series: Readonly<Record<string, Line>>, options: LinesOptions): Displayable {
  const { title, x, y, smooth = 1, caption } = options;
  const names = Object.keys(series);
  const points = names.flatMap((name) => series[name]!.map(([x, y]) => ({ x, y, name })));
  if (!points.some(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) {
    throw new RangeError("There is not a single point to draw: give lines() finite numbers.");
  }
  const marker = points.length <= 40 * names.length;
  const [low, high] = [Math.min, Math.max].map((pick) =>
    points.reduce((found, { x }) => pick(found, x), points[0]!.x)
  );
  const counted = high! - low! <= 10 && points.every(({ x }) => Number.isInteger(x));
  const channels = { x: "x", y: "y", stroke: "name", strokeWidth: 2, marker };
  return plot({
    title,
    caption,
    height: 300,
    x: { label: x, ...(counted && { ticks: Math.max(1, high! - low!), tickFormat: ",d" }) }, // no half places or half steps
    y: { label: y, grid: true },
    color: { domain: names, range: colorsOf(names), legend: names.length > 1 },
    marks: [Plot.lineY(points, smooth > 1 ? Plot.windowY(smooth, channels) : channels)],
  });
}
