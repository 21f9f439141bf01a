import * as Plot from "@observablehq/plot";
import { faintInk, paragraph, stack } from "dlm/display/_block.ts";
import { colorsOf } from "dlm/display/charts/_colors.ts";
import { type Displayable, jupyterDisplay, picture } from "dlm/display/picture.ts";
import { plotBlock } from "dlm/display/plot.ts";
import { type Row, table } from "dlm/display/table.ts";
import type { FrontierPoint } from "dlm/measures/frontier.ts";
import type { Judgement, Quality } from "dlm/measures/quality.ts";

/** Options for {@linkcode frontierTable}. */
export interface FrontierTableOptions {
  /** What real text of the same amount is worth, for comparison. */
  reference?: Judgement;
}

/** Options for {@linkcode frontierPlot}. */
export interface FrontierPlotOptions extends FrontierTableOptions {
  /** What the charts show, as a statement. */
  title: string;
  /** Stands below, such as a seed. */
  caption?: string;
}

/**
 * Samplers compared, to end a cell with: evaluations against fluency, and below it against
 * variety, since the one is easily bought with the other, each with its standard error. The
 * dashed lines are real text.
 */
export function frontierPlot(
  points: readonly FrontierPoint[],
  options: FrontierPlotOptions,
): Displayable {
  const { title, caption, reference } = options;
  const names = [...new Set(points.map(({ name }) => name))];
  const chart = (measure: "ngramBits" | "distinct", label: string, legend: boolean) =>
    plotBlock({
      height: 260,
      x: { type: "log", base: 2, label: "evaluations a text", grid: true, tickFormat: "d" },
      y: { label, grid: true },
      color: { legend, domain: names, range: colorsOf(names) },
      marks: [
        ...(reference
          ? [Plot.ruleY([reference[measure]], { stroke: faintInk, strokeDasharray: "4,4" })]
          : []),
        Plot.ruleX(points, {
          x: "evaluations",
          y1: (point) => point[measure] - point.standardErrors[measure],
          y2: (point) => point[measure] + point.standardErrors[measure],
          stroke: "name",
          strokeWidth: 2,
        }),
        Plot.line(points, {
          x: "evaluations",
          y: measure,
          z: "name",
          stroke: "name",
          marker: true,
          sort: "evaluations",
        }),
      ],
    });
  const blocks = [
    paragraph(title, { size: 16 }),
    chart("ngramBits", "bits per character under the n-gram model (lower is more fluent)", true),
    chart("distinct", "share of different n-grams (higher is more varied)", false),
    paragraph(["Bars: ± 1 standard error.", caption].filter(Boolean).join(" "), {
      color: faintInk,
    }),
  ];
  const rows = frontierTable(points, options)[jupyterDisplay]()["text/plain"]!;
  return picture(stack(blocks), [title, rows, caption].filter(Boolean).join("\n"));
}

/** The same points in numbers with their standard errors, to end a cell with. */
export function frontierTable(
  points: readonly FrontierPoint[],
  { reference }: FrontierTableOptions = {},
): Displayable {
  return table([
    ...points.map((point) => row(point.name, point, point.evaluations)),
    ...(reference ? [row("real text", reference)] : []),
  ], { decimals: 2 });
}

function row(sampler: string, judged: Judgement, evaluations?: number): Row {
  const cell = (measure: keyof Quality) => {
    const error = judged.standardErrors[measure];
    return judged[measure].toFixed(2) + (isNaN(error) ? "" : ` ± ${error.toFixed(2)}`);
  };
  return {
    sampler,
    evaluations,
    "n-gram bits": cell("ngramBits"),
    "distinct n-grams": cell("distinct"),
    "known words": cell("knownWords"),
    "longest copy": cell("copied"),
  };
}
