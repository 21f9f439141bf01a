import * as Plot from "@observablehq/plot";
import { textWidth } from "dlm/display/_block.ts";
import { colorsOf } from "dlm/display/charts/_colors.ts";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";

/** Options for {@linkcode bars}. */
export interface BarsOptions {
  /** What the chart shows, as a statement. */
  title: string;
  /** What the numbers are, with their unit. */
  label: string;
  /**
   * The decimals that are told of each number.
   *
   * @default {2}
   */
  decimals?: number;
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * A few numbers to be compared, to end a cell with: one bar each, under one another, with
 * its name before it and its value behind it. What begins with "our" stands out.
 *
 * @example
 * ```ts
 * import { bars } from "dlm/display/charts/bars.ts";
 *
 * const title = "Counting letters saves a bit";
 * bars({ uniform: 6.02, unigram: 4.83 }, { title, label: "bits per character" });
 * ```
 *
 * @throws {RangeError} if there are no numbers, or one is not finite
 */
export function bars(values: Readonly<Record<string, number>>, options: BarsOptions): Displayable {
  const { title, label, decimals = 2, caption } = options;
  const names = Object.keys(values);
  if (names.length === 0) {
    throw new RangeError("There are no numbers to compare: give bars() at least one.");
  }
  const odd = names.find((name) => !Number.isFinite(values[name]));
  if (odd !== undefined) {
    throw new RangeError(`The bar "${odd}" would be ${values[odd]} long: give finite numbers.`);
  }
  const rows = Object.entries(values).map(([name, value]) => ({
    name,
    value,
    text: value.toLocaleString("en", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    }),
  }));
  const longest = (texts: string[]) => Math.max(0, ...texts.map((text) => textWidth(text, 11)));
  return plot({
    title,
    caption,
    ariaDescription: rows.map(({ name, text }) => `${name}: ${text}`).join(", "),
    height: 50 + 26 * rows.length,
    marginLeft: 20 + longest(names),
    marginRight: 20 + longest(rows.map(({ text }) => text)),
    x: { label, grid: true },
    y: { label: null, domain: names },
    color: { domain: names, range: names.map((name) => colorsOf([name])[0]!) },
    marks: [
      Plot.barX(rows, { x: "value", y: "name", fill: "name" }),
      Plot.text(rows, {
        x: ({ value }) => Math.max(0, value),
        y: "name",
        text: "text",
        textAnchor: "start",
        dx: 5,
      }),
    ],
  });
}
