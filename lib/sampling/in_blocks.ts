import { ancestral } from "dlm/sampling/ancestral.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";

/** Options for {@linkcode inBlocks}. */
export interface InBlocksOptions {
  /** The length of a block in characters. */
  length: number;
  /** How a block is written.
   * @default {ancestral}
   */
  sampler?: Sampler;
}

/**
 * Semi-autoregressive sampling (Nie et al., 2025, LLaDA; Arriola et al., 2025, BD3-LM):
 * block by block from left to right, each written by another sampler. The text may be
 * longer than the model's context, which then moves along with the block.
 *
 * @throws {RangeError} unless the length is a whole number of at least 1
 */
export function inBlocks({ length, sampler = ancestral() }: InBlocksOptions): Sampler {
  if (!(Number.isSafeInteger(length) && length >= 1)) {
    throw new RangeError(`A block cannot have ${length} characters: give it at least 1.`);
  }
  return async function* (canvas) {
    const starts = Array.from({ length: Math.ceil(canvas.length / length) }, (_, n) => n * length);
    const blocks = starts
      .map((start) => canvas.part(start, Math.min(start + length, canvas.length)))
      .filter((block) => block.masks().flat().length > 0); // the others are given
    for (const [n, block] of blocks.entries()) {
      for await (const time of sampler(block)) yield (blocks.length - n - 1 + time) / blocks.length;
    }
  };
}
