import * as Plot from "@observablehq/plot";
import { faintInk, textWidth } from "dlm/display/_block.ts";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";

/** Options for {@linkcode ladder}. */
export interface LadderOptions {
  /** What the chart shows, as a statement. */
  title: string;
  /** What the numbers are, with their unit; less of it is better. */
  label: string;
  /** What each value is compared with: the one before it, or always the first.
   * @default {"before"}
   */
  from?: "before" | "first";
  /** Values to compare with, by name: dashed lines. */
  marks?: Readonly<Record<string, number>>;
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * A number that changes from row to row, to end a cell with: the rows under one another, each
 * with its name before it. A line leads from the value that it is compared with to its own,
 * blue where it is less and red where it is more, and the value stands behind it, with two
 * decimals.
 *
 * @example
 * ```ts
 * import { ladder } from "dlm/display/charts/ladder.ts";
 *
 * const values = { "as it was": 4.9, "first change": 4.2 };
 * ladder(values, { title: "One change is enough", label: "bits per character" });
 * ```
 */
export function ladder(
  values: Readonly<Record<string, number>>,
  options: LadderOptions,
): Displayable {
  const { title, label, from = "before", marks = {}, caption } = options;
  const names = Object.keys(values);
  const rows = names.map((name, i) => {
    const other = from === "first" ? names[0]! : names[i - 1] ?? name;
    const [value, before] = [values[name]!, values[other]!];
    const change = Number((value - before).toFixed(2));
    const color = change < 0 ? "#4269d0" : change > 0 ? "#d9480f" : faintInk;
    const sign = change < 0 ? "−" : change > 0 ? "+" : "±";
    const told = i === 0 ? "" : ` (${sign}${Math.abs(change).toFixed(2)})`;
    return { name, value, before, color, text: value.toFixed(2) + told };
  });
  const references = Object.entries(marks).map(([name, value]) => ({ name, value }));
  const longest = (texts: string[]) => Math.max(0, ...texts.map((text) => textWidth(text, 11)));
  return plot({
    title,
    caption,
    ariaDescription: rows.map(({ name, text }) => `${name}: ${text}`).join("\n"),
    height: 70 + 24 * rows.length,
    marginTop: 30,
    inset: 8,
    marginLeft: 20 + longest(names),
    marginRight: 20 + longest(rows.map(({ text }) => text)),
    x: { label, grid: true },
    y: { label: null, domain: names, type: "point", padding: 0.6 },
    marks: [
      Plot.ruleX(references, { x: "value", stroke: faintInk, strokeDasharray: "4,4" }),
      Plot.text(references, { x: "value", text: "name", frameAnchor: "top", dy: -8 }),
      Plot.ruleY(rows, { y: "name", x1: "before", x2: "value", stroke: "color", strokeWidth: 3 }),
      Plot.dot(rows, { x: "value", y: "name", fill: "color", r: 4 }),
      Plot.text(rows, {
        x: (row) => Math.max(row.value, row.before),
        y: "name",
        text: "text",
        textAnchor: "start",
        dx: 8,
      }),
    ],
  });
}
