import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/_fused.ts";
import { RMS_EPSILON, rmsNorm } from "dlm/ops/rms_norm.ts";
import { rotary, rotaryTurns } from "dlm/ops/rotary.ts";

/** Options for {@linkcode attention}. */
export interface AttentionOptions {
  /** `B`, the number of sequences in the rows. */
  batch: number;
  /** `H`, the number of heads; it divides the width. */
  heads: number;
  /** Whether a position sees only itself and those before it; a denoiser sees all. */
  causal: boolean;
}

/**
 * Multi-head self-attention (Vaswani et al., 2017) with rotary positions and normalised
 * queries and keys (Henry et al., 2020), which keep the scores small at any learning rate.
 *
 * @param qkv `[B·T, 3·D]`: queries, keys and values side by side
 * @returns `[B·T, D]`, the heads side by side
 */
export function attention(
  qkv: tf.Tensor2D,
  options: AttentionOptions,
): tf.Tensor2D {
  return tf.tidy(() => {
    const { batch, heads } = options;
    const turns = rotaryTurns(qkv.shape[0] / batch, qkv.shape[1] / 3 / heads);
    const attributes = { ...options, epsilon: RMS_EPSILON };
    return fused<tf.Tensor2D>("Attention", { qkv, ...turns }, attributes) ??
      plainAttention(qkv, options);
  });
}

/** {@linkcode attention} where the backend has no kernel for it. */
export function plainAttention(
  qkv: tf.Tensor2D,
  options: AttentionOptions,
): tf.Tensor2D {
  return tf.tidy(() => {
    const { batch, heads } = options;
    const { q, k, v } = splitHeads(qkv, { batch, heads }); // [B, H, T, Dh] each
    const mixed = tf.matMul(attentionWeights(q, k, options.causal), v); // [B, H, T, Dh]
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [qkv.shape[0], -1]); // [B·T, D]
  });
}

/**
 * Queries, keys and values by sequence and head.
 *
 * @param qkv `[B·T, 3·D]`, side by side
 * @returns `[B, H, T, Dh]` each, with `Dh = D / H`
 */
export function splitHeads(
  qkv: tf.Tensor2D,
  { batch, heads }: Omit<AttentionOptions, "causal">,
): { q: tf.Tensor4D; k: tf.Tensor4D; v: tf.Tensor4D } {
  return tf.tidy(() => {
    const split = tf.reshape(qkv, [batch, -1, 3, heads, qkv.shape[1] / 3 / heads]);
    const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as tf.Tensor4D[];
    return { q: q!, k: k!, v: v! };
  });
}

/**
 * How much each position attends to each other one; every row adds up to 1.
 *
 * @param q queries, `[B, H, T, Dh]`
 * @param k keys, `[B, H, T, Dh]`
 * @returns `[B, H, T, T]`
 */
export function attentionWeights(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  causal: boolean,
): tf.Tensor4D {
  return tf.tidy(() => {
    const [length, features] = q.shape.slice(-2) as [number, number];
    const products: tf.Tensor4D = tf.matMul(
      rmsNorm(rotary(q)),
      rmsNorm(rotary(k)),
      false,
      true,
    );
    let scores: tf.Tensor4D = tf.mul(products, features ** -0.5); // [B, H, T, T]
    if (causal) scores = tf.add(scores, causalMask(length));
    return tf.softmax(scores);
  });
}

/** 0 where a position may look and a large negative number where not: `[T, T]`. */
function causalMask(length: number): tf.Tensor2D {
  const mask = Float32Array.from(
    { length: length * length },
    (_, i) => i % length > Math.floor(i / length) ? -1e9 : 0,
  );
  return tf.tensor2d(mask, [length, length]);
}
