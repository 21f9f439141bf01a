import { tf } from "dlm/backend/backend.ts";

/** `share · old + (1 - share) · value`: one step of a running mean. */
export function mix(old: tf.Tensor, value: tf.Tensor, share: number): tf.Tensor {
  return tf.add(tf.mul(old, share), tf.mul(value, 1 - share));
}
