import { Buffer } from "node:buffer";
import { escapeMarkup } from "dlm/display/_block.ts";
import { filmstrip } from "dlm/display/frames/filmstrip.ts";
import { denoisingGif, type DenoisingGifOptions } from "dlm/display/frames/gif.ts";
import { printable } from "dlm/display/glyphs.ts";
import { type Displayable, jupyterDisplay } from "dlm/display/picture.ts";
import type { Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/**
 * Samples to the end, and shows how the first text came to be, to end a cell with: the animation
 * of `denoisingGif()`, which moves where no script may run.
 *
 * It stands in an HTML element, since not every front end shows a GIF by itself; where no HTML is
 * shown at all, a film strip is.
 */
export async function animation(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: DenoisingGifOptions = {},
): Promise<Displayable> {
  const all = await Array.fromAsync(frames);
  const gif = Buffer.from(await denoisingGif(all, tokenizer, options));
  const width = gif.readUInt16LE(6) / 2; // it has two pixels a CSS pixel
  const { columns } = options;
  const strip = await filmstrip(all, tokenizer, { rows: 5, color: "confidence", columns });
  const { "image/svg+xml": _, ...still } = strip[jupyterDisplay]();
  const text = printable(tokenizer.decode(all.at(-1)!.sequences[0]!));
  return {
    [jupyterDisplay]: () => ({
      ...still,
      "text/html": `<img src="data:image/gif;base64,${gif.toString("base64")}" width="${width}" ` +
        `style="max-width:100%" alt="A text comes out of the noise: ${escapeMarkup(text)}">`,
    }),
  };
}
