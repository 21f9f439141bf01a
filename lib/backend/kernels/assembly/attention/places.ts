// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// The places of a sequence that are asked for, as lists of whole numbers.

/** Lists all places: 0, 1, 2 … */
export function listPlaces(list: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<i32>(list + (i << 2), i);
}

/**
 * Which of the rows asked for belong to sequence `b`: their places in it, and where in the list
 * of rows each of them stands.
 *
 * @returns how many
 */
export function findAsked(
  rows: usize,
  count: i32,
  b: i32,
  length: i32,
  places: usize,
  indices: usize,
): i32 {
  let found = 0;
  for (let i = 0; i < count && found < length; i++) {
    const place = at(rows, i) - b * length;
    if (place < 0 || place >= length) continue;
    store<i32>(places + (found << 2), place);
    store<i32>(indices + (found << 2), i);
    found++;
  }
  return found;
}

/** Number `i` of a list of whole numbers. */
export function at(list: usize, i: i32): i32 {
  return load<i32>(list + (i << 2));
}
