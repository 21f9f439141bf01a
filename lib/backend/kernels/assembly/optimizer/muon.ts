// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

import { scale } from "../row.ts";
import { multiplyAdd, read, write } from "../vector.ts";
import { weightedSum } from "./weighted_sum.ts";
import { squares } from "./sums.ts";

/**
 * The running mean of a gradient, updated in place, and in `ahead` what it would be after the same
 * gradient once more. Where a parameter has several parts side by side, they lie there one after
 * the other, rows × columns each.
 *
 * @param factor what the gradient is clipped by
 * @param keep how much of the mean stays
 * @param take how much of the gradient comes to it
 */
export function lookAhead(
  mean: usize,
  gradient: usize,
  ahead: usize,
  rows: i32,
  columns: i32,
  parts: i32,
  factor: f32,
  keep: f32,
  take: f32,
): void {
  const factors = f32x4.splat(factor);
  const keeps = f32x4.splat(keep);
  const takes = f32x4.splat(take);
  for (let i = 0; i < rows; i++) {
    for (let part = 0; part < parts; part++) {
      const to = ahead + ((part * rows + i) * columns << 2);
      for (let j = 0; j < columns; j += 4) {
        const at = j << 2;
        const left = columns - j;
        const news = f32x4.mul(f32x4.mul(read(gradient + at, left), factors), takes);
        const now = multiplyAdd(read(mean + at, left), keeps, news);
        write(mean + at, now, left);
        write(to + at, multiplyAdd(now, keeps, news), left);
      }
      mean += columns << 2;
      gradient += columns << 2;
    }
  }
}

/** Each of `count` matrices over its Frobenius norm; `epsilon`, added to it, keeps zero at zero. */
export function unitNorm(x: usize, y: usize, count: i32, size: i32, epsilon: f32): void {
  for (let n = 0; n < count; n++) {
    const norm = <f32> sqrt(squares(x, size));
    scale(x, y, <f32> 1 / (norm + epsilon), size);
    x += size << 2;
    y += size << 2;
  }
}

/** `to = a·1 + b·x + c·y` for each of `count` matrices of rows × rows. */
export function quadratic(
  x: usize,
  y: usize,
  to: usize,
  count: i32,
  rows: i32,
  a: f32,
  b: f32,
  c: f32,
): void {
  weightedSum(x, y, to, count * rows * rows, b, c);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < rows; i++) {
      const diagonal = to + (i * (rows + 1) << 2);
      store<f32>(diagonal, a + load<f32>(diagonal));
    }
    to += rows * rows << 2;
  }
}

/**
 * Moves a parameter along a direction that lies as `ahead` does in {@linkcode lookAhead}, in
 * place, and its running mean after it.
 *
 * @param shrink what weight decay leaves of the parameter
 * @param step how far to go along the direction
 * @param keep how much of the mean stays
 * @param take how much of the parameter comes to it
 */
export function moveAlong(
  direction: usize,
  parameter: usize,
  average: usize,
  rows: i32,
  columns: i32,
  parts: i32,
  shrink: f32,
  step: f32,
  keep: f32,
  take: f32,
): void {
  const shrinks = f32x4.splat(shrink);
  const steps = f32x4.splat(step);
  const keeps = f32x4.splat(keep);
  const takes = f32x4.splat(take);
  for (let i = 0; i < rows; i++) {
    for (let part = 0; part < parts; part++) {
      const from = direction + ((part * rows + i) * columns << 2);
      for (let j = 0; j < columns; j += 4) {
        const at = j << 2;
        const left = columns - j;
        const move = f32x4.mul(read(from + at, left), steps);
        const now = multiplyAdd(read(parameter + at, left), shrinks, move);
        write(parameter + at, now, left);
        const mean = multiplyAdd(read(average + at, left), keeps, f32x4.mul(now, takes));
        write(average + at, mean, left);
      }
      parameter += columns << 2;
      average += columns << 2;
    }
  }
}
