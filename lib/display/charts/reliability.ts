import * as Plot from "@observablehq/plot";
import type { Calibration } from "dlm/measures/calibration.ts";
import { colorsOf } from "dlm/display/charts/_colors.ts";
import { faintInk, paragraph, stack } from "dlm/display/_block.ts";
import { type Displayable, picture } from "dlm/display/picture.ts";
import { plotBlock } from "dlm/display/plot.ts";

/** Options for {@linkcode reliability}. */
export interface ReliabilityOptions {
  /** What the diagram shows, as a statement. */
  title: string;
}

/**
 * Reliability diagrams of some models, to end a cell with (Niculescu-Mizil and Caruana, 2005):
 * the share of predictions that came true against the probability that was given to them, with
 * the standard error as a stroke; and below how many predictions of each probability there
 * were. Whoever can be taken at their word lies on the dashed line. The calibration error below is
 * the mean distance from that line over all predictions (see `Calibration.error`), in points of 100.
 *
 * @throws {RangeError} if there is no model
 */
export function reliability(
  models: Readonly<Record<string, Calibration>>,
  { title }: ReliabilityOptions,
): Displayable {
  const names = Object.keys(models);
  if (names.length === 0) {
    throw new RangeError("There is no model to draw: give reliability() at least one.");
  }
  const bins = names.flatMap((name) => models[name]!.bins.map((bin) => ({ ...bin, name })));
  const color = { domain: names, range: colorsOf(names) };
  const x = { label: "probability that the model gave to its guess", domain: [0, 1] };
  const diagram = plotBlock({
    height: 340,
    marginLeft: 60,
    x: { ...x, grid: true },
    y: { label: "share that is right", domain: [0, 1], grid: true },
    color: { ...color, legend: names.length > 1 },
    marks: [
      Plot.line([[0, 0], [1, 1]], { stroke: faintInk, strokeDasharray: "4,4" }),
      Plot.ruleX(bins, {
        x: "predicted",
        y1: ({ hits, standardError }) => hits - standardError,
        y2: ({ hits, standardError }) => hits + standardError,
        stroke: "name",
      }),
      Plot.line(bins, { x: "predicted", y: "hits", stroke: "name", marker: true }),
    ],
  });
  const counts = plotBlock({
    height: 150,
    marginLeft: 60,
    x,
    y: { label: "guesses", grid: true },
    color,
    marks: [Plot.line(bins, { x: "predicted", y: "count", stroke: "name", marker: true })],
  });
  const errors = names.map((name) => `${name} ${(100 * models[name]!.error).toFixed(1)} %`);
  const caption = `calibration error: ${errors.join(", ")}`;
  const rows = names.flatMap((name) => [
    name,
    ...models[name]!.bins.map(({ predicted, hits, count }) =>
      `  given ${predicted.toFixed(2)}, right ${hits.toFixed(2)}, ${count} guesses`
    ),
  ]);
  return picture(
    stack([paragraph(title, { size: 16 }), diagram, counts, paragraph(caption)]),
    [title, ...rows, caption].join("\n"),
  );
}
