import { stack } from "dlm/display/_block.ts";
import {
  maskedLines,
  maskedTextBlock,
  widestColumns,
  withDirection,
} from "dlm/display/frames/masked_text.ts";
import { type Displayable, picture } from "dlm/display/picture.ts";
import type { Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** Options for {@linkcode filmstrip}. */
export interface FilmstripOptions {
  /** The most frames to show, the first and the last among them.
   * @default {9}
   */
  rows?: number;
  /** What a character's colour tells: the step at which it appeared, or the confidence with which
   * it was written.
   * @default {"step"}
   */
  color?: "step" | "confidence";
  /** The length at which a line is broken, in characters; frames of several lines stand apart.
   * @default {64}
   */
  columns?: number;
}

/**
 * Samples to the end, and shows how the first text came to be, to end a cell with: frames at even
 * distances, one below the other, each with its step. What was given has no colour.
 *
 * @param frames as `sample()` yields them
 */
export async function filmstrip(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: FilmstripOptions = {},
): Promise<Displayable> {
  const { rows = 9, color = "step", columns = 64 } = options;
  const states: { ids: Int32Array; confidences: Float64Array }[] = [];
  for await (const { sequences, confidences } of frames) {
    states.push({ ids: sequences[0]!, confidences: confidences[0]! });
  }
  const last = states.length - 1;
  const appeared = Array.from(states[0]!.ids, (_, i) => {
    const step = states.findIndex(({ ids }) => ids[i] !== tokenizer.maskId);
    return step > 0 ? step : NaN;
  });
  const count = Math.min(rows, states.length);
  const steps = Array.from(
    { length: count },
    (_, row) => count === 1 ? last : Math.round(row * last / (count - 1)),
  );
  const margin = `step ${last}  `.length;
  const texts = steps.map((step) => {
    const text = [...tokenizer.decode(states[step]!.ids).replaceAll("\n", "↵")];
    const name = (line: number) => [...(line === 0 ? `step ${step}` : "").padEnd(margin)];
    return inLines(text, columns, name).join("");
  });
  const uncoloured = Array<number>(margin).fill(NaN);
  const room = widestColumns(...texts);
  const blocks = steps.map((step, row) => {
    const values = color === "step" ? appeared : Array.from(states[step]!.confidences);
    return maskedTextBlock(texts[row]!, {
      ...(color === "step"
        ? { domain: [0, Math.max(1, last)], label: "appeared at step" }
        : { domain: [0, 1], label: "probability when written" }),
      ...(row > 0 && { label: "" }),
      values: inLines(values, columns, () => uncoloured),
      columns: margin + columns,
      room,
    });
  });
  const apart = states[0]!.ids.length > columns;
  const lines = texts.map((text) => maskedLines(text, { columns: margin + columns }).join("\n"));
  return picture(
    withDirection(stack(blocks, apart ? 10 : 0), ...texts),
    lines.join(apart ? "\n\n" : "\n"),
    `A text comes out of the noise; ${lines.at(-1)!.replaceAll(/\s+/g, " ")}`,
  );
}

/** What belongs to the characters of a text, in lines of `columns`, with a margin before each. */
function inLines<Item>(
  items: readonly Item[],
  columns: number,
  margin: (line: number) => readonly Item[],
): Item[] {
  const lines = Array.from(
    { length: Math.ceil(items.length / columns) },
    (_, line) => [...margin(line), ...items.slice(line * columns, (line + 1) * columns)],
  );
  return lines.flat();
}
