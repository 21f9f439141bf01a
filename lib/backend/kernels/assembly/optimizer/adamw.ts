// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

import { multiplyAdd, read, write } from "../vector.ts";

/**
 * A step of AdamW, in place: every number of the parameter and of what is remembered of it is
 * read and written once. The weights of the new in a mean are given beside those of the old, since
 * they are not to the last bit what is left of 1 in float32.
 *
 * @param scale what the gradient is clipped by
 * @param correction1 what the mean is divided by, for having started at zero
 * @param correction2 the same for the mean square
 * @param shrink what weight decay leaves of the parameter
 * @param keep how much of the average stays
 */
export function adamW(
  parameter: usize,
  mean: usize,
  meanSquare: usize,
  average: usize,
  gradient: usize,
  size: i32,
  scale: f32,
  beta1: f32,
  new1: f32,
  correction1: f32,
  beta2: f32,
  new2: f32,
  correction2: f32,
  epsilon: f32,
  shrink: f32,
  rate: f32,
  keep: f32,
  follow: f32,
): void {
  for (let left = size; left > 0; left -= 4) {
    const g = f32x4.mul(read(gradient, left), f32x4.splat(scale));
    const m = mix(read(mean, left), g, beta1, new1);
    const s = mix(read(meanSquare, left), f32x4.mul(g, g), beta2, new2);
    write(mean, m, left);
    write(meanSquare, s, left);
    const usual = f32x4.sqrt(f32x4.div(s, f32x4.splat(correction2)));
    const direction = f32x4.div(
      f32x4.div(m, f32x4.splat(correction1)),
      f32x4.add(usual, f32x4.splat(epsilon)),
    );
    const p = mix(read(parameter, left), direction, shrink, -rate);
    write(parameter, p, left);
    write(average, mix(read(average, left), p, keep, follow), left);
    parameter += 16;
    mean += 16;
    meanSquare += 16;
    average += 16;
    gradient += 16;
  }
}

/** `alpha · a + beta · b`, rounded as `weightedSum` does. @inline */
function mix(a: v128, b: v128, alpha: f32, beta: f32): v128 {
  return multiplyAdd(a, f32x4.splat(alpha), f32x4.mul(b, f32x4.splat(beta)));
}
