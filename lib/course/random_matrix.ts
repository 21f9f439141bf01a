import { tf } from "dlm/backend/backend.ts";
import type { Rng } from "dlm/rng.ts";

/** As many numbers as fill 1 GB: half of the wasm backend's memory, or less. */
const MOST_NUMBERS = 2 ** 28;

/**
 * A matrix of independent standard normal numbers, to try something out on.
 *
 * @returns `[rows, columns]`, owned by the caller
 * @throws {RangeError} if this is no shape, or it holds more than fits into memory
 */
export function randomMatrix([rows, columns]: [number, number], rng: Rng): tf.Tensor2D {
  checkShape([rows, columns]);
  const numbers = Float32Array.from({ length: rows * columns }, () => rng.normal());
  return tf.tensor2d(numbers, [rows, columns]);
}

/** Refuses what is no shape of a matrix, or one that memory does not hold. */
export function checkShape([rows, columns]: [number, number]): void {
  if (![rows, columns].every((count) => Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError(
      `A matrix cannot have ${rows} rows and ${columns} columns: give whole numbers of at least 1.`,
    );
  }
  if (rows * columns > MOST_NUMBERS) {
    throw new RangeError(
      `A matrix of ${rows} rows and ${columns} columns does not fit into memory: give a smaller one.`,
    );
  }
}
