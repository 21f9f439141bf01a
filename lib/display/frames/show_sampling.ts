import { toSvg } from "dlm/display/_block.ts";
import { type Display, notebookDisplay } from "dlm/display/_notebook.ts";
import { animation } from "dlm/display/frames/animation.ts";
import { maskedTextBlock } from "dlm/display/frames/masked_text.ts";
import { type Bundle, jupyterDisplay } from "dlm/display/picture.ts";
import type { Frame, Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** Options for {@linkcode showSampling}. */
export interface ShowSamplingOptions {
  /** Shows a bundle, or puts it in the place of the one shown before.
   * @default {Deno.jupyter.display}
   */
  display?: Display;
  /** The time in milliseconds.
   * @default {performance.now}
   */
  now?: () => number;
}

/**
 * Shows the first text in a notebook as it comes out of the noise, while it is written: one output,
 * updated in place at most ten times a second. In the end it is the animation of how that went.
 *
 * @example
 * ```ts ignore
 * await showSampling(sample(model, [blank], { rng: new Rng(1) }), tokenizer);
 * ```
 *
 * @throws {Error} outside a notebook, before the first step
 * @throws {Interrupted} on Stop; what was written by then stays
 */
export async function showSampling(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: ShowSamplingOptions = {},
): Promise<void> {
  const {
    display = notebookDisplay("showSampling", "loop over the frames yourself"),
    now = () => performance.now(),
  } = options;
  const output = { display_id: crypto.randomUUID(), update: false };
  const all: Frame[] = [];
  let due = -Infinity;
  for await (const frame of frames) {
    all.push(frame);
    if (now() < due) continue;
    await display(draft(frame, tokenizer), { ...output });
    output.update = true;
    due = now() + 100;
  }
  await display((await animation(all, tokenizer))[jupyterDisplay](), output);
}

/** A frame as it is shown for a moment. */
function draft({ sequences, confidences }: Frame, tokenizer: CharTokenizer): Bundle {
  // The sign for a line's end keeps every character in its place from frame to frame.
  const text = tokenizer.decode(sequences[0]!).replaceAll("\n", "↵");
  const block = maskedTextBlock(text, { values: confidences[0]!, domain: [0, 1] });
  return { "text/plain": text, "image/svg+xml": toSvg(block, "a text coming out of the noise") };
}
