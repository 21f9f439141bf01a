import { tf } from "dlm/backend/backend.ts";
import { forward, type Transformer } from "dlm/model.ts";
import { checkIds } from "dlm/objective.ts";
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
  const blocks = Array.from({ length: model.config.layers }, (_, i) => i);
  return tf.tidy(() => blocks.map((i) => mapsOfBlock(model, tokens, i)));
}

/** Options for {@linkcode attentionMap}. */
export interface AttentionMapOptions {
  /** Which block, counted from 0. */
  block: number;
  /** Which of its heads, counted from 0. */
  head: number;
}

/**
 * Where a single head looks, as it reads a single sequence.
 *
 * @param ids up to `context` token ids, with masks
 * @returns `T` rows of `T` weights, each adding up to 1: how much a place attends to every other
 * @throws {RangeError} if the model has no such block or head, there is nothing to read, or an id
 *   is not the model's
 */
export async function attentionMap(
  model: Transformer,
  ids: Int32Array,
  options: AttentionMapOptions,
): Promise<number[][]> {
  const { block, head } = options;
  const { layers, heads } = model.config;
  for (const [name, value, count] of [["block", block, layers], ["head", head, heads]] as const) {
    if (Number.isInteger(value) && value >= 0 && value < count) continue;
    throw new RangeError(
      `There is no ${name} ${value}: the model has ${count}, so give a whole number from 0 to ${
        count - 1
      }.`,
    );
  }
  if (ids.length === 0) {
    throw new RangeError("A text without characters cannot be read: give one at least.");
  }
  checkIds({ tokens: ids }, model.vocabularySize);
  const map = tf.tidy(() => {
    const tokens = tf.tensor2d(ids, [1, ids.length], "int32");
    const weights = mapsOfBlock(model, tokens, block); // [1, H, T, T]
    return tf.unstack(tf.squeeze<tf.Tensor3D>(weights, [0]))[head] as tf.Tensor2D;
  });
  const rows = await map.array();
  map.dispose();
  return rows;
}

/** The weights of block `i`, `[B, H, T, T]`. */
function mapsOfBlock(model: Transformer, tokens: tf.Tensor2D, i: number): tf.Tensor4D {
  const { config, parameters } = model;
  const [batch] = tokens.shape;
  return tf.tidy(() => {
    // What block i reads is what a model of i blocks would hand to its head.
    const [shorter, head] = [{ ...config, layers: i }, tf.eye(config.width)];
    const read = forward(shorter, { parameters: { ...parameters, head }, tokens }); // [B·T, D]
    const qkv = parameters[`blocks.${i}.attention.qkv`] as tf.Tensor2D;
    const { q, k } = splitHeads(tf.matMul(read, qkv), { batch, heads: config.heads });
    return attentionWeights(q, k, config.causal);
  });
}
