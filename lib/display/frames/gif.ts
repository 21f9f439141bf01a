import gifenc from "gifenc";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { type Block, margin, stack, toSvg } from "dlm/display/_block.ts";
import { type Pixels, renderPixels } from "dlm/display/_rasterise.ts";
import { thinOut } from "dlm/display/frames/_thin.ts";
import { maskedTextBlock, widestColumns, withDirection } from "dlm/display/frames/masked_text.ts";
import type { Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** Options for {@linkcode denoisingGif}. */
export interface DenoisingGifOptions {
  /** The length at which a line is broken, in characters.
   * @default {64}
   */
  columns?: number;
  /** How long the text takes to come out of the noise, in seconds.
   * @default {6}
   */
  seconds?: number;
}

/** What is used here of gifenc, which comes without types. */
interface Gifenc {
  quantize(rgba: Uint8Array, colors: number, options: { format: "rgb444" }): Color[];
  applyPalette(rgba: Uint8Array, palette: Color[], format: "rgb444"): Uint8Array;
  GIFEncoder(): {
    writeFrame(
      index: Uint8Array,
      width: number,
      height: number,
      options: {
        palette: Color[] | undefined;
        transparent: boolean;
        transparentIndex: number;
        dispose: number;
        delay: number;
      },
    ): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  };
}

type Color = [red: number, green: number, blue: number];

const { applyPalette, GIFEncoder, quantize } = gifenc as Gifenc;

/** How long the finished text stays before the animation begins again, in milliseconds. */
const pause = 3000;

/**
 * Samples to the end, and animates how the first text came to be, for where no script runs, such as a README: the frames as
 * a GIF, each character coloured by the confidence with which it was written.
 *
 * @returns the bytes of the file
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook
 */
export async function denoisingGif(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: DenoisingGifOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { columns = 64, seconds = 6 } = options;
  const shown = thinOut(await Array.fromAsync(frames), 100);
  // The sign for a line's end keeps every character in its place from frame to frame.
  const texts = shown.map(({ sequences }) => tokenizer.decode(sequences[0]!).replaceAll("\n", "↵"));
  const room = widestColumns(...texts);
  const blocks = texts.map((text, i) => {
    const values = shown[i]!.confidences[0]!;
    return withDirection(
      maskedTextBlock(text, { values, domain: [0, 1], columns, room }),
      ...texts,
    );
  });
  const [last] = await Array.fromAsync(renderAlike(blocks.slice(-1)));
  const palette = quantize(last!.pixels, 62, { format: "rgb444" });
  palette.push([0xc9, 0xce, 0xd6]); // the masks, which the last picture has none of
  const unchanged = palette.push([0, 0, 0]) - 1; // what is as before is drawn in no colour
  const gif = GIFEncoder();
  let [before, i]: [Uint8Array | undefined, number] = [undefined, 0];
  for await (const { width, height, pixels } of renderAlike(blocks)) { // never all at once
    const colors = applyPalette(pixels, palette.slice(0, unchanged), "rgb444");
    const drawn = colors.map((color, n) => color === before?.[n] ? unchanged : color);
    before = colors;
    gif.writeFrame(drawn, width, height, {
      palette: i === 0 ? palette : undefined,
      transparent: true,
      transparentIndex: unchanged,
      dispose: 1, // leave what stands
      delay: i < blocks.length - 1 ? Math.round(1000 * seconds / blocks.length) : pause,
    });
    i++;
  }
  gif.finish();
  return gif.bytes();
}

/** Blocks of one size as pictures: several are drawn at once, since every drawing loads its fonts. */
async function* renderAlike(blocks: readonly Block[]): AsyncGenerator<Pixels> {
  using interrupt = listenForInterrupt();
  const { width, height } = blocks[0]!;
  const atOnce = Math.max(1, Math.floor(2e6 / (width * height)));
  for (let i = 0; i < blocks.length; i += atOnce) {
    await interrupt.check(`after ${i} of ${blocks.length} pictures`);
    const some = blocks.slice(i, i + atOnce);
    const sheet = stack(some, 2 * margin); // as far apart as if each had a margin of its own
    const drawn = renderPixels(toSvg(sheet, "a text coming out of the noise"));
    const size = drawn.pixels.length / some.length;
    for (const n of some.keys()) {
      const pixels = drawn.pixels.slice(n * size, (n + 1) * size);
      yield { width: drawn.width, height: drawn.height / some.length, pixels };
    }
  }
}
