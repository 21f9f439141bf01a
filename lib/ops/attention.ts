import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { RMS_EPSILON, rmsNorm } from "dlm/ops/rms_norm.ts";
import { rotary, rotaryTurns } from "dlm/ops/rotary.ts";

/** How the rows make up sequences and heads. */
interface Layout {
  /** `B`, the number of sequences in the rows. */
  batch: number;
  /** `H`, the number of heads; it divides the width. */
  heads: number;
}

/** Options for {@linkcode attention}. */
export interface AttentionOptions extends Layout {
  /** Whether a position sees only itself and those before it; a denoiser sees all. */
  causal: boolean;
  /** `[N]`, int32, different places in the `B·T` rows: who looks at the others; all, if left out. */
  rows?: tf.Tensor1D | undefined;
}

/**
 * Multi-head self-attention (Vaswani et al., 2017) with rotary positions and normalised
 * queries and keys (Henry et al., 2020), which keep the scores small at any learning rate.
 *
 * @param qkv `[B·T, 3·D]`: queries, keys and values side by side
 * @returns `[N, D]`, the heads side by side
 * @throws {RangeError} if the rows are no such sequences and heads
 */
export function attention(qkv: tf.Tensor2D, options: AttentionOptions): tf.Tensor2D {
  return tf.tidy(() => {
    const { batch, heads, causal, rows = tf.range(0, qkv.shape[0], 1, "int32") } = options;
    const { length, features } = divide(qkv, options);
    const turns = rotaryTurns(length, features);
    const attributes = { batch, heads, causal, epsilon: RMS_EPSILON };
    return fused<tf.Tensor2D>("Attention", { qkv, ...turns, rows }, attributes) ??
      plainAttention(qkv, options);
  });
}

/** {@linkcode attention} where the backend has no kernel for it. */
export function plainAttention(qkv: tf.Tensor2D, options: AttentionOptions): tf.Tensor2D {
  return tf.tidy(() => {
    const { q, k, v } = splitHeads(qkv, options); // [B, H, T, Dh] each
    const mixed = tf.matMul(attentionWeights(q, k, options.causal), v); // [B, H, T, Dh]
    const all = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [qkv.shape[0], -1]) as tf.Tensor2D;
    return options.rows ? gatherRows(all, options.rows) : all; // [N, D]
  });
}

/**
 * Queries, keys and values by sequence and head.
 *
 * @param qkv `[B·T, 3·D]`, side by side
 * @returns `[B, H, T, Dh]` each, with `Dh = D / H`
 * @throws {RangeError} if the rows are no such sequences and heads
 */
export function splitHeads(
  qkv: tf.Tensor2D,
  { batch, heads }: Layout,
): { q: tf.Tensor4D; k: tf.Tensor4D; v: tf.Tensor4D } {
  const { length, features } = divide(qkv, { batch, heads });
  return tf.tidy(() => {
    const split = tf.reshape(qkv, [batch, length, 3, heads, features]);
    const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as tf.Tensor4D[];
    return { q: q!, k: k!, v: v! };
  });
}

/** How long the sequences are, `T`, and how wide the heads, `Dh`. */
function divide(qkv: tf.Tensor2D, { batch, heads }: Layout): { length: number; features: number } {
  const [rows, columns] = qkv.shape;
  const [length, features] = [rows / batch, columns / 3 / heads];
  const counts = [batch, heads, length, features / 2]; // of which there are pairs, for the rotation
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return { length, features };
  throw new RangeError(
    `${rows} rows of ${columns} numbers are not queries, keys and values of ${batch} sequences ` +
      `with ${heads} heads: give a batch that divides the rows, and heads of an even width.`,
  );
}

/**
 * How much each position attends to each other one; every row adds up to 1.
 *
 * @param q queries, `[B, H, T, Dh]`
 * @param k keys, `[B, H, T, Dh]`
 * @returns `[B, H, T, T]`
 */
export function attentionWeights(q: tf.Tensor4D, k: tf.Tensor4D, causal: boolean): tf.Tensor4D {
  return tf.tidy(() => {
    const [length, features] = q.shape.slice(-2) as [number, number];
    const products: tf.Tensor4D = tf.matMul(rmsNorm(rotary(q)), rmsNorm(rotary(k)), false, true);
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
