import { tf } from "dlm/backend/backend.ts";
import { checkConfig, checkCount, checkSize } from "dlm/ops/network_size.ts";
import { createVariables, type NamedArrays, type NamedVariables } from "dlm/backend/variables.ts";
import { type Denoiser, neighbourOffsets } from "dlm/model.ts";
import { attention } from "dlm/ops/attention.ts";
import { embed, embedNeighbours } from "dlm/ops/embed.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { reluSquared } from "dlm/ops/relu_squared.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { rotary } from "dlm/ops/rotary.ts";
import type { Rng } from "dlm/rng.ts";
import { checkChoices, type Choices } from "dlm/simple_dlm/choices.ts";

// A well-known small diffusion language model, simple_dlm (Encrux, 2026), beside that of this
// library: what it chooses otherwise, each choice by itself, so that one can see what it costs.
// Nothing else in the library knows of it: it lives in this folder alone.

/** The size of a {@linkcode SimpleDlm}, and its choices. */
export interface SimpleDlmConfig {
  /** `V`, the number of characters without the mask. */
  vocabularySize: number;
  /** The number of blocks. */
  layers: number;
  /** `D`, the number of features of each position. */
  width: number;
  /** `H`, the number of attention heads where `oneHead` is undone; the width is a multiple of
   * `2·H` in any case, so that undoing it changes no size. */
  heads: number;
  /** `T`, the length of the sequences it is trained on. */
  context: number;
  choices: Choices;
}

/**
 * The transformer of simple_dlm, with the choices that its config says. With all of them
 * undone it is this library's own, under the same names of parameters.
 */
export class SimpleDlm implements Denoiser, Disposable {
  readonly config: SimpleDlmConfig;
  /** Its parameters by name; owned by this object. */
  readonly parameters: NamedVariables;

  /**
   * @param values the parameters' numbers by name, copied
   * @throws {RangeError} if the config makes no sense, or a parameter is missing or of another size
   */
  constructor(config: SimpleDlmConfig, values: NamedArrays) {
    const shapes = simpleDlmShapes(config);
    for (const [name, shape] of Object.entries(shapes)) checkSize(name, shape, values[name]);
    this.config = config;
    this.parameters = createVariables(shapes, values);
  }

  get vocabularySize(): number {
    return this.config.vocabularySize;
  }

  get context(): number {
    return this.config.context;
  }

  /**
   * What a sampler draws from: the characters alone. Where the model would write a mask,
   * which leaves everything as it was, it is asked again.
   */
  logits(tokens: tf.Tensor2D, rows?: tf.Tensor1D): tf.Tensor2D {
    return tf.tidy(() => {
      const outputs = this.outputs(tokens, rows);
      return tf.slice(outputs, [0, 0], [-1, this.vocabularySize]); // [N, V]
    });
  }

  /**
   * All that the model says, what it is trained and measured by. With `maskOutput` there is
   * one column more, `[N, V + 1]`: the probability of a mask behind a mask, which never is
   * there, and so is lost to the characters.
   */
  outputs(tokens: tf.Tensor2D, rows?: tf.Tensor1D): tf.Tensor2D {
    return forward(this.config, { parameters: this.parameters, tokens, rows });
  }

  [Symbol.dispose](): void {
    tf.dispose(this.parameters);
  }
}

/**
 * The same model as it is trained and measured: with all its outputs, so that a probability
 * that it gives to the mask is one that the true character has not.
 */
export function withAllOutputs(
  model: SimpleDlm,
): Denoiser & Disposable & Pick<SimpleDlm, "parameters"> {
  const { vocabularySize, context, parameters } = model;
  return {
    vocabularySize,
    context,
    parameters,
    logits: (tokens, rows) => model.outputs(tokens, rows),
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}

interface ForwardInputs {
  parameters: NamedVariables;
  tokens: tf.Tensor2D;
  rows?: tf.Tensor1D | undefined;
}

function forward(config: SimpleDlmConfig, { parameters, tokens, rows }: ForwardInputs) {
  const { layers, choices } = config;
  const matrix = (name: string) => parameters[name] as tf.Tensor2D;
  const linear = (x: tf.Tensor2D, name: string): tf.Tensor2D => {
    const product: tf.Tensor2D = tf.matMul(x, matrix(name));
    if (!choices.biases) return product;
    const ones = tf.ones([x.shape[0], 1]); // a product has a faster gradient than a broadcast
    return tf.add(product, tf.matMul(ones, matrix(`${name}.bias`)));
  };
  const norm = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
    choices.layerNorm ? layerNorm(x, matrix(`${name}.gain`), matrix(`${name}.bias`)) : rmsNorm(x);
  return tf.tidy(() => {
    const [batch] = tokens.shape;
    let x = embed(matrix("embedding"), tokens); // [B·T, D]
    if (!choices.noNeighbours) {
      x = tf.add(x, embedNeighbours(matrix("neighbours"), tokens, neighbourOffsets(false)));
    }
    if (choices.learnedPositions) x = tf.add(x, embed(matrix("positions"), places(tokens)));
    if (!choices.largeEmbeddings) x = rmsNorm(x);
    if (choices.timeConditioning) {
      x = tf.add(x, linear(shareOfMasks(tokens, config.vocabularySize), "time"));
    }
    for (let i = 0; i < layers; i++) {
      const block = `blocks.${i}`;
      const qkv = linear(norm(x, `${block}.attention.norm`), `${block}.attention.qkv`); // [B·T, 3·D]
      const mixed = attend(qkv, batch, config); // [B·T, D]
      x = tf.add(x, choices.noOutputProjection ? mixed : linear(mixed, `${block}.attention.out`));

      const hidden = linear(norm(x, `${block}.mlp.norm`), `${block}.mlp.up`); // [B·T, 4·D]
      const active = choices.relu ? tf.relu(hidden) : reluSquared(hidden);
      x = tf.add(x, linear(active, `${block}.mlp.down`)); // [B·T, D]
    }
    if (rows) x = gatherRows(x, rows); // [N, D]
    return linear(choices.noFinalNorm ? x : norm(x, "norm"), "head"); // [N, V] or [N, V + 1]
  });
}

/**
 * The library's attention, or what the choices leave of it, one head after the other:
 * `[B·T, D]`.
 */
function attend(qkv: tf.Tensor2D, batch: number, config: SimpleDlmConfig): tf.Tensor2D {
  const { width, choices } = config;
  const heads = choices.oneHead ? 1 : config.heads;
  if (!choices.learnedPositions && !choices.freeScores) {
    return attention(qkv, { batch, heads, causal: false });
  }
  const scale = (width / heads) ** -0.5;
  const parts = tf.split(qkv, 3 * heads, 1).map((part) =>
    tf.reshape(part, [batch, -1, width / heads])
  ); // [B, T, Dh] each: the queries of each head, the keys, the values
  const prepare = (part: tf.Tensor): tf.Tensor => {
    const placed = choices.learnedPositions ? part : rotary(part);
    return choices.freeScores ? placed : rmsNorm(placed);
  };
  const mixed = Array.from({ length: heads }, (_, h) => {
    const [q, k, v] = [parts[h]!, parts[heads + h]!, parts[2 * heads + h]!];
    const scores = tf.mul(tf.matMul(prepare(q), prepare(k), false, true), scale); // [B, T, T]
    return tf.reshape(tf.matMul(tf.softmax(scores), v), [-1, width / heads]); // [B·T, Dh]
  });
  return tf.concat(mixed as tf.Tensor2D[], 1);
}

/** Each row with mean 0 and variance 1, times a gain, plus a bias (Ba et al., 2016). */
function layerNorm(x: tf.Tensor2D, gain: tf.Tensor2D, bias: tf.Tensor2D): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
}

/** The place of each token in its sequence, `[B, T]`. */
function places(tokens: tf.Tensor2D): tf.Tensor2D {
  const [batch, length] = tokens.shape;
  return tf.tile(tf.range(0, length, 1, "int32").as2D(1, length), [batch, 1]);
}

/**
 * The time, for each place of each sequence, `[B·T, 1]`: the share of masks, which is the time
 * but for a few masks more or less. Neither a sampler nor an evaluation has another to give.
 */
function shareOfMasks(tokens: tf.Tensor2D, maskId: number): tf.Tensor2D {
  const share = tf.mean(tf.cast(tf.equal(tokens, maskId), "float32"), 1, true); // [B, 1]
  return tf.reshape(tf.tile(share, [1, tokens.shape[1]]), [-1, 1]);
}

/**
 * The shape of each parameter, by name: those of the library's model, and what choices add.
 *
 * @throws {RangeError} if the config makes no sense
 */
export function simpleDlmShapes(config: SimpleDlmConfig): Record<string, [number, number]> {
  checkConfig(config);
  checkChoices(config.choices);
  const { vocabularySize: V, layers, width: D, context, choices } = config;
  const shapes: Record<string, [number, number]> = { embedding: [V + 1, D] };
  if (!choices.noNeighbours) shapes.neighbours = [neighbourOffsets(false).length * (V + 1), D];
  const linear = (name: string, rows: number, columns: number) => {
    shapes[name] = [rows, columns];
    if (choices.biases) shapes[`${name}.bias`] = [1, columns];
  };
  const norm = (name: string) => {
    if (choices.layerNorm) shapes[`${name}.gain`] = shapes[`${name}.bias`] = [1, D];
  };
  if (choices.learnedPositions) shapes.positions = [context, D];
  if (choices.timeConditioning) linear("time", 1, D);
  for (let i = 0; i < layers; i++) {
    norm(`blocks.${i}.attention.norm`);
    linear(`blocks.${i}.attention.qkv`, D, 3 * D);
    if (!choices.noOutputProjection) linear(`blocks.${i}.attention.out`, D, D);
    norm(`blocks.${i}.mlp.norm`);
    linear(`blocks.${i}.mlp.up`, D, 4 * D);
    linear(`blocks.${i}.mlp.down`, 4 * D, D);
  }
  if (!choices.noFinalNorm) norm("norm");
  linear("head", D, choices.maskOutput ? V + 1 : V);
  return shapes;
}

/**
 * The parameters of an untrained model. PyTorch draws a matrix of `n` rows, and its bias,
 * uniformly from `±1/√n`; with that undone they start as this library's do.
 *
 * @throws {RangeError} if the config makes no sense, or wants more than memory holds
 */
export function initialSimpleDlm(config: SimpleDlmConfig, rng: Rng): NamedArrays {
  const { choices } = config;
  const shapes = simpleDlmShapes(config);
  checkCount(shapes);
  const draw = (name: string): () => number => {
    const [rows] = shapes[name]!;
    const numbers = rng.stream(name);
    if (/^(embedding|neighbours|positions)$/.test(name)) {
      const scale = choices.largeEmbeddings ? 1 : 0.02;
      return () => scale * numbers.normal();
    }
    if (name.endsWith(".gain")) return () => 1;
    if (name.endsWith("norm.bias")) return () => 0;
    if (choices.torchInitialisation) {
      const [n] = shapes[name.replace(".bias", "")]!;
      return () => (2 * numbers.uniform() - 1) / Math.sqrt(n);
    }
    if (/(out|down|head|bias)$/.test(name)) return () => 0;
    return () => rows ** -0.5 * numbers.normal();
  };
  return Object.fromEntries(
    Object.entries(shapes).map(([name, [rows, columns]]) => {
      const next = draw(name);
      return [name, new Float32Array(rows * columns).map(() => next())];
    }),
  );
}
