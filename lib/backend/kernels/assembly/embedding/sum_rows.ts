// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

import { addTo } from "../optimizer/sums.ts";

/**
 * For each of `count` lines of `terms` indices, the sum of the rows of `table` that they
 * name; a row that does not exist adds nothing.
 */
export function sumRows(
  table: usize,
  indices: usize,
  result: usize,
  count: i32,
  terms: i32,
  rows: i32,
  columns: i32,
): void {
  const bytes = columns << 2;
  memory.fill(result, 0, count * bytes);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < terms; k++) {
      const row = load<u32>(indices);
      if (row < <u32> rows) addTo(result, table + row * bytes, columns);
      indices += 4;
    }
    result += bytes;
  }
}

/** The gradient with respect to the table: each row of `dy` is added to where it came from. */
export function sumRowsGradient(
  indices: usize,
  dy: usize,
  gradient: usize,
  count: i32,
  terms: i32,
  rows: i32,
  columns: i32,
): void {
  const bytes = columns << 2;
  memory.fill(gradient, 0, rows * bytes);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < terms; k++) {
      const row = load<u32>(indices);
      if (row < <u32> rows) addTo(gradient + row * bytes, dy, columns);
      indices += 4;
    }
    dy += bytes;
  }
}
