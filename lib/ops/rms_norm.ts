import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/** Keeps the norm of a row of zeros finite. */
export const RMS_EPSILON = 1e-6;

/**
 * Scales each row to a root mean square of 1 (Zhang and Sennrich, 2019, RMSNorm),
 * without a learned gain: the matrix that follows can learn it.
 *
 * @param x `[…, D]`
 * @returns the same shape
 */
export function rmsNorm<T extends tf.Tensor>(x: T): T {
  return fused<T>("RmsNorm", { x }, { epsilon: RMS_EPSILON }) ?? plainRmsNorm(x);
}

/** {@linkcode rmsNorm} where the backend has no kernel for it. */
export function plainRmsNorm<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const meanSquare = tf.mean(tf.square(x), -1, true); // […, 1]
    return tf.mul(x, tf.rsqrt(tf.add(meanSquare, RMS_EPSILON)));
  });
}
