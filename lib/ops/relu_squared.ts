import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * `max(x, 0)²`, a cheap activation that does as well as GELU in transformers
 * (So et al., 2021, Primer).
 */
export function reluSquared<T extends tf.Tensor>(x: T): T {
  return fused<T>("ReluSquared", { x }) ?? plainReluSquared(x);
}

/** {@linkcode reluSquared} where the backend has no kernel for it. */
export function plainReluSquared<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.square(tf.relu(x)));
}
