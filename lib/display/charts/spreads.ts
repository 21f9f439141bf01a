import * as Plot from "@observablehq/plot";
import { mean, sampleStandardDeviation } from "simple-statistics";
import { faintInk, textWidth } from "dlm/display/_block.ts";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";

/** Options for {@linkcode spreads}. */
export interface SpreadsOptions {
  /** What the chart shows, as a statement. */
  title: string;
  /** What the numbers are, with their unit. */
  label: string;
  /** What they should have for a mean: a dashed line.
   * @default {undefined}
   */
  truth?: number;
  /** The part of the axis that is shown; ticks outside of it are not.
   * @default {all of it}
   */
  domain?: readonly [number, number];
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * Many measurements of each of some things, to end a cell with: a tick for each measurement,
 * a dot for their mean, and behind them the mean and the standard deviation in numbers.
 *
 * @example
 * ```ts
 * import { spreads } from "dlm/display/charts/spreads.ts";
 *
 * const title = "Care narrows the spread, not the mean";
 * const rows = { careful: [1.9, 2, 2.1], careless: [1, 2, 3] };
 * spreads(rows, { title, label: "length, m", truth: 2 });
 * ```
 *
 * @throws {RangeError} if something was measured only once
 */
export function spreads(
  measurements: Readonly<Record<string, readonly number[]>>,
  options: SpreadsOptions,
): Displayable {
  const { title, label, truth, domain, caption } = options;
  const rows = Object.entries(measurements).map(([name, values]) => {
    if (values.length < 2) {
      throw new RangeError(
        `There are ${values.length} measurements of ${name}: a spread needs at least 2.`,
      );
    }
    const center = mean([...values]);
    const spread = sampleStandardDeviation([...values]);
    return { name, values, center, text: `${center.toFixed(3)} ± ${spread.toFixed(3)}` };
  });
  const ticks = rows.flatMap(({ name, values }) => values.map((value) => ({ name, value })));
  const longest = Math.max(0, ...rows.map(({ name }) => textWidth(name, 11)));
  const most = Math.max(...rows.map(({ values }) => values.length)); // many overlap, a few are faint
  return plot({
    title,
    caption,
    ariaDescription: rows.map(({ name, text }) => `${name}: ${text}`).join(", "),
    height: 50 + 32 * rows.length,
    marginLeft: 20 + longest,
    marginRight: 110,
    x: domain ? { label, domain: [...domain] } : { label, nice: true },
    y: { label: null, domain: rows.map(({ name }) => name) },
    marks: [
      Plot.tickX(ticks, {
        x: "value",
        y: "name",
        stroke: "#4269d0",
        strokeOpacity: Math.max(0.15, most ** -0.5),
        clip: true,
      }),
      ...(truth === undefined
        ? []
        : [Plot.ruleX([truth], { stroke: faintInk, strokeDasharray: "4,4" })]),
      Plot.dot(rows, { x: "center", y: "name", fill: "#d9480f", r: 4 }),
      Plot.text(rows, {
        y: "name",
        text: "text",
        frameAnchor: "right",
        textAnchor: "start",
        dx: 8,
      }),
    ],
  });
}
