// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// What queries and keys go through before they meet: their heads are turned and normalised.

import { dot, inverseRms } from "../row.ts";
import { multiplyAdd, read, write } from "../vector.ts";
import { at } from "./places.ts";

/**
 * Turns the row of each head at some places by its rotary angles and scales it to a root mean
 * square of size^-¼, so that the product of two such rows is their score. Goes through the
 * heads of one place after the other, because memory is read fastest in order.
 *
 * @param from the heads side by side, in rows of three times their width
 * @param to the heads one after the other, length × size each
 */
export function normalise(
  from: usize,
  cos: usize,
  sin: usize,
  places: usize,
  count: i32,
  to: usize,
  length: i32,
  heads: i32,
  size: i32,
  epsilon: f32,
): void {
  const half = size / 2;
  const across = half << 2;
  const target = <f32> 1 / sqrt(sqrt(<f32> size));
  for (let i = 0; i < count; i++) {
    const place = at(places, i);
    const angles = place * across;
    for (let h = 0; h < heads; h++) {
      const row = from + ((3 * heads * place + h) * size << 2);
      const result = to + ((length * h + i) * size << 2);
      // Turning changes no length, so this is also the root mean square of the turned row.
      const factors = f32x4.splat(target * inverseRms(row, size, epsilon));
      for (let j = 0; j < half; j += 4) {
        const byte = j << 2;
        const left = half - j;
        const c = f32x4.mul(read(cos + angles + byte, left), factors);
        const s = f32x4.mul(read(sin + angles + byte, left), factors);
        const x = read(row + byte, left);
        const y = read(row + across + byte, left);
        write(result + byte, multiplyAdd(x, c, f32x4.mul(y, s)), left);
        write(result + across + byte, f32x4.sub(f32x4.mul(y, c), f32x4.mul(x, s)), left);
      }
    }
  }
}

/**
 * Replaces the gradient with respect to the `normalised` heads, side by side in rows as the
 * heads in `from` are, by the one with respect to `from`.
 */
export function normaliseGradient(
  from: usize,
  cos: usize,
  sin: usize,
  places: usize,
  count: i32,
  normalised: usize,
  gradient: usize,
  length: i32,
  heads: i32,
  size: i32,
  epsilon: f32,
): void {
  const half = size / 2;
  const across = half << 2;
  const target = <f32> 1 / sqrt(sqrt(<f32> size));
  for (let i = 0; i < count; i++) {
    const place = at(places, i);
    const angles = place * across;
    for (let h = 0; h < heads; h++) {
      const offset = (3 * heads * place + h) * size << 2;
      const dRow = gradient + offset;
      const result = normalised + ((length * h + i) * size << 2);
      const inverse = inverseRms(from + offset, size, epsilon);
      const factors = f32x4.splat(target * inverse);
      // What of the gradient points along the row changes only its root mean square.
      const along = inverse / target * dot(dRow, result, size) / <f32> size;
      const alongs = f32x4.splat(along);
      for (let j = 0; j < half; j += 4) {
        const byte = j << 2;
        const left = half - j;
        const c = read(cos + angles + byte, left);
        const s = read(sin + angles + byte, left);
        const gx = f32x4.mul(read(dRow + byte, left), factors);
        const gy = f32x4.mul(read(dRow + across + byte, left), factors);
        const x = f32x4.sub(gx, f32x4.mul(read(result + byte, left), alongs));
        const y = f32x4.sub(gy, f32x4.mul(read(result + across + byte, left), alongs));
        write(dRow + byte, f32x4.sub(f32x4.mul(x, c), f32x4.mul(y, s)), left);
        write(dRow + across + byte, multiplyAdd(x, s, f32x4.mul(y, c)), left);
      }
    }
  }
}
