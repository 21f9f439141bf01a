// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

import { dot } from "../row.ts";
import { read, write } from "../vector.ts";

/** So many squares are added up in float32 before their sum is in float64. */
const BLOCK: i32 = 1024;

/** The sum of the squares of some numbers, as one number at `to`. */
export function sumOfSquares(x: usize, size: i32, to: usize): void {
  store<f32>(to, <f32> squares(x, size));
}

/** The sum of the squares of some numbers. */
export function squares(x: usize, size: i32): f64 {
  let sum: f64 = 0;
  for (; size > 0; size -= BLOCK, x += BLOCK << 2) sum += <f64> dot(x, x, min(size, BLOCK));
  return sum;
}

/** `sum += x`. */
export function addTo(sum: usize, x: usize, size: i32): void {
  for (; size > 0; size -= 4, sum += 16, x += 16) {
    write(sum, f32x4.add(read(sum, size), read(x, size)), size);
  }
}
