import { maskedText } from "dlm/display/frames/masked_text.ts";
import type { Displayable } from "dlm/display/picture.ts";
import type { Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/**
 * Samples to the end, and shows the first text, to end a cell with: each character coloured by the
 * step that wrote it, the last one if it was taken back. What was given has no colour.
 */
export async function revealOrder(frames: Frames, tokenizer: CharTokenizer): Promise<Displayable> {
  const all = await Array.fromAsync(frames);
  const last = all.at(-1)!.sequences[0]!;
  const steps = new Float64Array(last.length).fill(NaN);
  all.forEach(({ revealed }, step) => {
    for (const place of revealed) steps[place] = step; // later sequences lie beyond its end
  });
  return maskedText(tokenizer.decode(last), {
    values: steps,
    domain: [0, Math.max(1, all.length - 1)],
    label: "written in step",
  });
}
