import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * `alpha · a + beta · b`: one pass through memory, where the backend has a kernel for it,
 * instead of three. It has no gradient.
 *
 * @param a of any shape
 * @param b of the same
 */
export function weightedSum<T extends tf.Tensor>(
  a: T,
  b: T,
  weights: readonly [alpha: number, beta: number],
): T {
  const [alpha, beta] = weights;
  return fused<T>("WeightedSum", { a, b }, { alpha, beta }) ?? plainWeightedSum(a, b, weights);
}

/** {@linkcode weightedSum} where the backend has no kernel for it. */
export function plainWeightedSum<T extends tf.Tensor>(
  a: T,
  b: T,
  [alpha, beta]: readonly [alpha: number, beta: number],
): T {
  return tf.tidy(() => tf.add(tf.mul(a, alpha), tf.mul(b, beta)));
}

/** `share · old + (1 - share) · value`: one step of a running mean. */
export function mix(old: tf.Tensor, value: tf.Tensor, share: number): tf.Tensor {
  return weightedSum(old, value, [share, 1 - share]);
}
