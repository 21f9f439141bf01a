/** More numbers than anyone waits for, before they fill the memory. */
const MOST = 10_000_000;

/**
 * The whole numbers from 1 to `n`: the places of a text, the numbers of masks, some seeds.
 *
 * @throws {RangeError} if there is no such number, or the memory is too small for all of them
 */
export function oneTo(n: number): number[] {
  if (Number.isInteger(n) && n >= 1 && n <= MOST) return Array.from({ length: n }, (_, i) => i + 1);
  throw new RangeError(
    `Cannot count from 1 to ${n}: give a whole number from 1 to ${MOST.toLocaleString("en")}.`,
  );
}
