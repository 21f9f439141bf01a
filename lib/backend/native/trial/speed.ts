import type { Comparison } from "./self_test.ts";

/** Rows, depth and columns of a product as a small model has it. */
const [ROWS, DEPTH, COLUMNS] = [512, 128, 512];

/** V8 compiles the reference well only after a while, in milliseconds. */
const WARM_UP = 60;

/** How often both are measured; the fastest counts, as others may want the core too. */
const ROUNDS = 15;

/** How many times as fast as the reference a product is, measured in a tenth of a second. */
export function measureSpeed({ product, reference, memory, start }: Comparison): number {
  const [a, b] = [start, start + 4 * ROWS * DEPTH];
  const c = b + 4 * DEPTH * COLUMNS;
  new Float32Array(memory.buffer, start, (c - start) / 4).fill(0.5);
  const parameters = [a, DEPTH, 1, b, COLUMNS, 1, c, COLUMNS, ROWS, DEPTH, COLUMNS, 0];
  const time = (multiply: typeof product) => {
    const begin = performance.now();
    multiply(...parameters);
    return performance.now() - begin;
  };
  const begin = performance.now();
  while (performance.now() - begin < WARM_UP) time(reference);
  const best = { product: Infinity, reference: Infinity };
  time(product);
  for (let round = 0; round < ROUNDS; round++) {
    best.reference = Math.min(best.reference, time(reference));
    best.product = Math.min(best.product, time(product));
  }
  return best.reference / best.product;
}
