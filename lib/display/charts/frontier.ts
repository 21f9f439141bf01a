import * as Plot from "@observablehq/plot";
import { faintInk, paragraph, stack } from "dlm/display/_block.ts";
import { colorsOf } from "dlm/display/charts/_colors.ts";
import { type Displayable, jupyterDisplay, picture } from "dlm/display/picture.ts";
import { plotBlock } from "dlm/display/plot.ts";
import { type Row, table } from "dlm/display/table.ts";
import type { FrontierPoint } from "dlm/measures/frontier.ts";
import type { Quality } from "dlm/measures/quality.ts";

/** Options for {@linkcode frontierPlot}. */
export interface FrontierDisplayOptions {
  /** What real text of the same amount is worth, for comparison. */
  reference?: Quality;
}

/**
 * Samplers compared, to end a cell with: evaluations against fluency, and below it against
 * variety, since the one is easily bought with the other. The dashed lines are real text.
 */
export function frontierPlot(
  points: readonly FrontierPoint[],
  options: FrontierDisplayOptions = {},
): Displayable {
  const names = [...new Set(points.map(({ name }) => name))];
  const chart = (measure: "ngramBits" | "distinct", label: string, legend: boolean) => {
    const { reference } = options;
    return plotBlock({
      height: 260,
      x: { type: "log", base: 2, label: "evaluations a text", grid: true, tickFormat: "d" },
      y: { label, grid: true },
      color: { legend, domain: names, range: colorsOf(names) },
      marks: [
        ...(reference
          ? [Plot.ruleY([reference[measure]], { stroke: faintInk, strokeDasharray: "4,4" })]
          : []),
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
  };
  const title = "What samplers give for their evaluations";
  const blocks = [
    paragraph(title, { size: 16 }),
    chart("ngramBits", "bits per character under the n-gram model (lower is more fluent)", true),
    chart("distinct", "share of different n-grams (higher is more varied)", false),
  ];
  const rows = frontierTable(points, options)[jupyterDisplay]()["text/plain"]!;
  return picture(stack(blocks), `${title}\n${rows}`);
}

/** The same points in numbers, to end a cell with. */
export function frontierTable(
  points: readonly FrontierPoint[],
  { reference }: FrontierDisplayOptions = {},
): Displayable {
  const row = (sampler: string, quality: Quality, evaluations?: number): Row => ({
    sampler,
    evaluations,
    "n-gram bits": quality.ngramBits,
    "distinct n-grams": quality.distinct,
    "known words": quality.knownWords,
    "longest copy": quality.copied,
  });
  return table([
    ...points.map((point) => row(point.name, point, point.evaluations)),
    ...(reference ? [row("real text", reference)] : []),
  ], { decimals: 2 });
}
