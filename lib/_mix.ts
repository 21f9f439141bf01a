import type { tf } from "dlm/backend/backend.ts";
import { weightedSum } from "dlm/ops/weighted_sum.ts";

/** `share · old + (1 - share) · value`: one step of a running mean. */
export function mix(old: tf.Tensor, value: tf.Tensor, share: number): tf.Tensor {
  return weightedSum(old, value, [share, 1 - share]);
}
