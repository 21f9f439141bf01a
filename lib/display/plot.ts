import * as Plot from "@observablehq/plot";
import { document } from "dlm/display/_document.ts";
import { type Drawn, figureBlock } from "dlm/display/_figure.ts";
import type { Block } from "dlm/display/_block.ts";
import { type Displayable, picture } from "dlm/display/picture.ts";

/**
 * A chart of Observable Plot, to end a cell with. It takes the options of `Plot.plot` and
 * shows the same chart wherever the notebook is read, in light themes and dark ones:
 * title, subtitle, legends and caption are drawn into the picture.
 *
 * Its plain text is the title, subtitle, `ariaDescription` and caption where they are
 * given, and what each scale shows; so a chart with a title can be read without seeing it.
 *
 * @example
 * ```ts
 * import * as Plot from "@observablehq/plot";
 * import { plot } from "dlm/display/plot.ts";
 *
 * const times = Array.from({ length: 101 }, (_, i) => i / 100);
 * plot({
 *   title: "How much of the text is left",
 *   x: { label: "time t" },
 *   y: { label: "alpha(t)" },
 *   marks: [Plot.lineY(times, { x: times, y: (t) => 1 - t })],
 * });
 * ```
 */
export function plot(options: Plot.PlotOptions): Displayable {
  const drawn = draw(options);
  return picture(figureBlock(drawn), describe(options, drawn));
}

/** The same chart as a block, to be part of a larger picture. */
export function plotBlock(options: Plot.PlotOptions): Block {
  return figureBlock(draw(options));
}

type DrawnPlot = Drawn & Pick<Plot.Plot, "scale">;

function draw(options: Plot.PlotOptions): DrawnPlot {
  // Of a browser's whole Document, Plot needs no more than ours can do.
  return Plot.plot({ ...options, document: document as never }) as unknown as DrawnPlot;
}

const scaleNames = ["x", "y", "fx", "fy", "color", "r", "symbol"] as const;

/** The chart in words: its texts, and what each scale shows. */
function describe(options: Plot.PlotOptions, drawn: DrawnPlot): string {
  const { title, subtitle, ariaDescription, caption } = options;
  const scales = scaleNames.flatMap((name) => {
    const scale = drawn.scale(name);
    if (!scale?.domain) return [];
    const [axis] = drawn.querySelectorAll(`[aria-label="${name}-axis label"]`);
    const label = axis?.textContent.replace(/[←↑→↓]/g, "").trim();
    return [name, label, range([...scale.domain])].filter(Boolean).join(", ");
  });
  return [title ?? "A chart", subtitle, ariaDescription, ...scales, caption]
    .filter((line) => typeof line === "string").join("\n");
}

/** "0 to 1" for numbers, "train, validation" for names. */
function range(domain: unknown[]): string {
  if (domain.length === 0) return "nothing";
  if (!domain.every((value) => typeof value === "number")) {
    return domain.join(", ");
  }
  const ends = [domain[0]!, domain.at(-1)!];
  return ends.map((value) => Number(value.toPrecision(3))).join(" to ");
}
