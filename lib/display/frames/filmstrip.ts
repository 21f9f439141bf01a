import { maskedRows } from "dlm/display/frames/masked_rows.ts";
import type { Displayable } from "dlm/display/picture.ts";
import type { Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** Options for {@linkcode filmstrip}. */
export interface FilmstripOptions {
  /** The most frames to show, the first and the last among them.
   * @default {9}
   */
  rows?: number;
}

/**
 * Samples to the end, and shows how the first text came to be, to end a cell with: frames
 * at even distances, one a row with its step, each character coloured by the step at which it
 * appeared.
 * What was given has no colour.
 *
 * @param frames as `sample()` yields them
 */
export async function filmstrip(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: FilmstripOptions = {},
): Promise<Displayable> {
  const states: Int32Array[] = [];
  for await (const { sequences } of frames) states.push(sequences[0]!);
  const last = states.length - 1;
  const appeared = Array.from(states[0]!, (_, i) => {
    const step = states.findIndex((state) => state[i] !== tokenizer.maskId);
    return step > 0 ? step : NaN;
  });
  const count = Math.min(options.rows ?? 9, states.length);
  const steps = Array.from(
    { length: count },
    (_, row) => Math.round(row * last / Math.max(1, count - 1)),
  );
  return maskedRows(steps.map((step) => states[step]!), tokenizer, {
    names: steps.map((step) => `step ${step}`),
    values: steps.map(() => appeared),
    domain: [0, Math.max(1, last)],
    label: "appeared at step",
  });
}
