// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// What the kernels do with a row of numbers.

import { maxLanes, multiplyAdd, read, readLast, sumLanes, write } from "./vector.ts";

/** The product of two rows. */
export function dot(a: usize, b: usize, size: i32): f32 {
  // Two sums, so that no addition has to wait for the one before it.
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  for (; size >= 8; size -= 8, a += 32, b += 32) {
    even = multiplyAdd(v128.load(a), v128.load(b), even);
    odd = multiplyAdd(v128.load(a, 16), v128.load(b, 16), odd);
  }
  for (; size > 0; size -= 4, a += 16, b += 16) {
    even = multiplyAdd(read(a, size), read(b, size), even);
  }
  return sumLanes(f32x4.add(even, odd));
}

/** One over the root mean square of a row; `epsilon`, added to the square, keeps it finite. */
export function inverseRms(row: usize, size: i32, epsilon: f32): f32 {
  return <f32> 1 / sqrt(dot(row, row, size) / <f32> size + epsilon);
}

/** `to = factor · from`. */
export function scale(from: usize, to: usize, factor: f32, size: i32): void {
  const factors = f32x4.splat(factor);
  for (; size > 0; size -= 4, from += 16, to += 16) {
    write(to, f32x4.mul(read(from, size), factors), size);
  }
}

/** The largest number. */
export function largest(row: usize, size: i32): f32 {
  let tops = v128.load32_splat(row);
  for (; size >= 4; size -= 4, row += 16) tops = f32x4.pmax(tops, v128.load(row));
  for (; size > 0; size--, row += 4) tops = f32x4.pmax(tops, v128.load32_splat(row));
  return maxLanes(tops);
}

/**
 * `to = e^(from - top)`, right to about 1e-7 of its value. The difference must not be above
 * 88 and counts as -87 if less, which is where float32 ends.
 *
 * `e^x = 2^n e^r` with a whole `n` and `r` in ±ln(2)/2, where a polynomial will do.
 *
 * @returns the sum of the powers
 */
export function powers(from: usize, to: usize, top: f32, size: i32): f32 {
  const tops = f32x4.splat(top);
  const lowest = f32x4.splat(-87);
  const perLog2 = f32x4.splat(1.442_695_04);
  // Adding 1.5 · 2^23 leaves no bits for a fraction, so n lies in the lowest bits of the sum.
  const shift = f32x4.splat(12_582_912);
  // ln(2) in two parts, the first with so few bits that its product with n is exact.
  const log2High = f32x4.splat(-0.693_359_375);
  const log2Low = f32x4.splat(2.121_944_4e-4);
  // The minimax polynomial for e^r = 1 + r + r² p(r), as in Moshier's Cephes library.
  const p5 = f32x4.splat(1.987_569_15e-4);
  const p4 = f32x4.splat(1.398_199_95e-3);
  const p3 = f32x4.splat(8.333_451_91e-3);
  const p2 = f32x4.splat(4.166_579_59e-2);
  const p1 = f32x4.splat(1.666_666_55e-1);
  const p0 = f32x4.splat(5.000_000_12e-1);
  const one = f32x4.splat(1);
  let sums = f32x4.splat(0);
  for (; size > 0; size -= 4, from += 16, to += 16) {
    // Missing numbers count as so small that they add nothing.
    let x = size >= 4 ? v128.load(from) : readLast(from, size, -f32.MAX_VALUE);
    x = f32x4.pmax(f32x4.sub(x, tops), lowest);
    const shifted = multiplyAdd(x, perLog2, shift);
    const n = f32x4.sub(shifted, shift);
    const r = multiplyAdd(n, log2Low, multiplyAdd(n, log2High, x));
    let p = multiplyAdd(p5, r, p4);
    p = multiplyAdd(p, r, p3);
    p = multiplyAdd(p, r, p2);
    p = multiplyAdd(p, r, p1);
    p = multiplyAdd(p, r, p0);
    p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), one);
    const power = i32x4.add(p, i32x4.shl(shifted, 23)); // n goes to the exponent
    write(to, power, size);
    sums = f32x4.add(sums, power);
  }
  return sumLanes(sums);
}
