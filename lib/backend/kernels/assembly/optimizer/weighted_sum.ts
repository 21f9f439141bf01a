// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

import { multiplyAdd, read, write } from "../vector.ts";

/** `to = alpha · a + beta · b`. */
export function weightedSum(a: usize, b: usize, to: usize, size: i32, alpha: f32, beta: f32): void {
  const alphas = f32x4.splat(alpha);
  const betas = f32x4.splat(beta);
  for (; size > 0; size -= 4, a += 16, b += 16, to += 16) {
    write(to, multiplyAdd(read(a, size), alphas, f32x4.mul(read(b, size), betas)), size);
  }
}
