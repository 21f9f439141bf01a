import { tf } from "dlm/backend/backend.ts";
import { forward, type Transformer } from "dlm/model.ts";
import { attentionWeights, splitHeads } from "dlm/ops/attention.ts";

/**
 * Where a model looks: in each of its blocks, for each head, how much every place of a
 * sequence attends to every other one. These weights never leave the attention of a model
 * at work, which is why they are computed here once more.
 *
 * @param tokens `[B, T]`, int32, with masks
 * @returns for each block `[B, H, T, T]`, owned by the caller; every row adds up to 1
 */
export function attentionMaps(model: Transformer, tokens: tf.Tensor2D): tf.Tensor4D[] {
  const { config, parameters } = model;
  const [batch] = tokens.shape;
  return tf.tidy(() => {
    const head = tf.eye(config.width);
    return Array.from({ length: config.layers }, (_, i) => {
      // What block i reads is what a model of i blocks would hand to its head.
      const shorter = { ...config, layers: i };
      const read = forward(shorter, { parameters: { ...parameters, head }, tokens }); // [B·T, D]
      const qkv = parameters[`blocks.${i}.attention.qkv`] as tf.Tensor2D;
      const { q, k } = splitHeads(tf.matMul(read, qkv), { batch, heads: config.heads });
      return attentionWeights(q, k, config.causal);
    });
  });
}
