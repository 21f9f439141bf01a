import { Buffer } from "node:buffer";
import { type Block, escapeMarkup, sizeOf, toSvg } from "dlm/display/_block.ts";
import { rasterise } from "dlm/display/_rasterise.ts";

/** The key under which Deno's Jupyter kernel asks a cell's value how to show it. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** A value in several media types: the front end shows the best one it can. */
export type Bundle = Record<string, string>;

/** A value that a notebook shows when it ends a cell or is given to `Deno.jupyter.display`. */
export interface Displayable {
  [jupyterDisplay](): Bundle;
}

/**
 * The longest SVG that goes into a notebook. A drawing of thousands of marks is shown as
 * PNG alone, which is then the smaller of the two.
 */
const longestSvg = 100_000;

/**
 * A drawing as every front end can show it: an image in HTML, no wider than the page and with words
 * for those who do not see it (what has just been run), SVG and PNG (stored notebooks, GitHub), and
 * plain text (terminals, diffs).
 *
 * @param alt these words; of a chart its title, the first line of the plain text
 */
export function picture(
  block: Block,
  text: string,
  alt: string = text.split("\n", 1)[0]!,
): Displayable {
  return {
    [jupyterDisplay]() {
      const svg = toSvg(block, alt);
      const png = Buffer.from(rasterise(svg)).toString("base64");
      const short = svg.length <= longestSvg;
      const data = short
        ? `svg+xml;base64,${Buffer.from(svg).toString("base64")}`
        : `png;base64,${png}`;
      const { width } = sizeOf(block);
      return {
        "text/plain": text,
        "image/png": png,
        ...(short && { "image/svg+xml": svg }),
        "text/html": `<img src="data:image/${data}" alt="${escapeMarkup(alt)}" ` +
          `width="${width}" style="max-width:100%;height:auto">`,
      };
    },
  };
}
