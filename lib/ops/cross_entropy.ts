import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * `-log softmax(logits)[target]` of each row: the surprisal of the true character, in nats.
 *
 * @param logits `[N, V]`
 * @param targets `[N]`, int32
 * @returns `[N]`
 */
export function surprisals(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  return fused<tf.Tensor1D>("Surprisals", { logits, targets }) ?? plainSurprisals(logits, targets);
}

/** {@linkcode surprisals} where the backend has no kernel for it. */
export function plainSurprisals(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(() => {
    const truth = tf.cast(tf.oneHot(targets, logits.shape[1]), "float32"); // [N, V]
    return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), truth), -1)); // [N]
  });
}

/** Options for {@linkcode crossEntropy}. */
export interface CrossEntropyOptions {
  /** The true character of each row, `[N]`, int32. */
  targets: tf.Tensor1D;
  /** How much each row counts, `[N]`. */
  weights: tf.Tensor1D;
}

/**
 * `Σ weight · surprisal`, in nats.
 *
 * @param logits `[N, V]`
 * @returns a scalar
 */
export function crossEntropy(logits: tf.Tensor2D, options: CrossEntropyOptions): tf.Scalar {
  return tf.tidy(() => tf.sum(tf.mul(surprisals(logits, options.targets), options.weights)));
}
