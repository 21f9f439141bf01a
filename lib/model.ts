import { tf } from "dlm/backend/backend.ts";
import { checkConfig, checkCount, checkSize } from "dlm/ops/network_size.ts";
import { createVariables, type NamedArrays, type NamedVariables } from "dlm/backend/variables.ts";
import { attention } from "dlm/ops/attention.ts";
import { embed, embedNeighbours } from "dlm/ops/embed.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { reluSquared } from "dlm/ops/relu_squared.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import type { Rng } from "dlm/rng.ts";

/**
 * Something that reads a text with masks and says which character it expects in each
 * place. The sampler and the evaluation know no more of a model than this.
 */
export interface Denoiser {
  /** `V`, the number of characters; the id of the mask is `V`. */
  readonly vocabularySize: number;
  /** The longest sequence it was made for. */
  readonly context: number;
  /** Whether a place sees only what stands before it: such a model has learned to predict
   * the next character, not what is behind a mask.
   * @default {false}
   */
  readonly causal?: boolean;
  /**
   * @param tokens `[B, T]`, int32, with masks
   * @param rows `[N]`, int32: the places of interest, each once, in the `B·T` rows, which are
   *   counted from 0; all, if left out
   * @returns logits, `[N, V]`, owned by the caller
   */
  logits(tokens: tf.Tensor2D, rows?: tf.Tensor1D): tf.Tensor2D;
}

/** How far to either side the first features of a position reach. */
const REACH = 4;

/** The size of a {@linkcode Transformer}. */
export interface TransformerConfig {
  /** `V`, the number of characters without the mask. */
  vocabularySize: number;
  /** The number of blocks. */
  layers: number;
  /** `D`, the number of features of each position. */
  width: number;
  /** `H`, the number of attention heads; `D / H` must be an even whole number. */
  heads: number;
  /** `T`, the length of the sequences it is trained on. */
  context: number;
  /** Whether a position sees only what stands before it: the autoregressive twin. */
  causal: boolean;
}

/**
 * The denoiser: a bidirectional pre-norm transformer over the embeddings of each position's own
 * token and of its neighbours'. It is not told the time, since the number of masks says as much
 * (Zheng et al., 2024; Sahoo et al., 2024, MDLM, section 3.2.2).
 */
export class Transformer implements Denoiser, Disposable {
  /** Its size. */
  readonly config: TransformerConfig;
  /** Its parameters by name, such as `blocks.0.attention.qkv`; owned by this object. */
  readonly parameters: NamedVariables;

  /**
   * @param values the parameters' numbers by name, copied
   * @throws {RangeError} if the config makes no sense, or a parameter is missing or of another size
   */
  constructor(config: TransformerConfig, values: NamedArrays) {
    const shapes = parameterShapes(config);
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

  get causal(): boolean {
    return this.config.causal;
  }

  logits(tokens: tf.Tensor2D, rows?: tf.Tensor1D): tf.Tensor2D {
    return forward(this.config, { parameters: this.parameters, tokens, rows });
  }

  [Symbol.dispose](): void {
    tf.dispose(this.parameters);
  }
}

/** What {@linkcode forward} reads. */
export interface ForwardInputs {
  parameters: Record<string, tf.Tensor>;
  /** `[B, T]`, int32, with masks. */
  tokens: tf.Tensor2D;
  /** `[N]`, int32, different places in the `B·T` rows; all, if left out. */
  rows?: tf.Tensor1D | undefined;
}

/**
 * The model itself: from tokens to logits, `[N, V]`, one row for each place asked for.
 *
 * @throws {RangeError} if there are no tokens
 */
export function forward(config: TransformerConfig, inputs: ForwardInputs): tf.Tensor2D {
  const { parameters, tokens, rows } = inputs;
  const { layers, heads, causal } = config;
  const matrix = (name: string) => parameters[name] as tf.Tensor2D;
  if (tokens.size === 0) {
    throw new RangeError("There is no text to read: give one character or mask at least.");
  }
  return tf.tidy(() => {
    const [batch] = tokens.shape;
    const own = embed(matrix("embedding"), tokens); // [B·T, D]
    const around = embedNeighbours(matrix("neighbours"), tokens, neighbourOffsets(causal));
    let x = rmsNorm(tf.add<tf.Tensor2D>(own, around));
    for (let i = 0; i < layers; i++) {
      const qkv: tf.Tensor2D = tf.matMul(
        rmsNorm(x),
        matrix(`blocks.${i}.attention.qkv`),
      ); // [B·T, 3·D]
      // No place looks at others after the last block's: there, the N asked for are enough.
      const asked = i === layers - 1 ? rows : undefined;
      const mixed = attention(qkv, { batch, heads, causal, rows: asked }); // [B·T, D] or [N, D]
      if (asked) x = gatherRows(x, asked); // [N, D]
      x = tf.add(x, tf.matMul(mixed, matrix(`blocks.${i}.attention.out`)));

      const hidden = reluSquared(tf.matMul(rmsNorm(x), matrix(`blocks.${i}.mlp.up`))); // [B·T, 4·D]
      x = tf.add(x, tf.matMul(hidden, matrix(`blocks.${i}.mlp.down`))); // [B·T, D]
    }
    return tf.matMul(rmsNorm(x), matrix("head")); // [N, V]
  });
}

/**
 * Where the neighbours are that a position takes in before any block does: letters mostly hang
 * together over a few places, and what they say there comes at the price of a sum.
 */
export function neighbourOffsets(causal: boolean): number[] {
  const distances = Array.from({ length: REACH }, (_, i) => i + 1);
  return [...distances.map((n) => -n), ...(causal ? [] : distances)];
}

/**
 * The shape of each parameter, by name.
 *
 * @throws {RangeError} if the config makes no sense
 */
export function parameterShapes(config: TransformerConfig): Record<string, [number, number]> {
  checkConfig(config);
  const { vocabularySize, layers, width, causal } = config;
  const tokens = vocabularySize + 1;
  const shapes: Record<string, [number, number]> = {
    embedding: [tokens, width],
    neighbours: [neighbourOffsets(causal).length * tokens, width],
  };
  for (let i = 0; i < layers; i++) {
    shapes[`blocks.${i}.attention.qkv`] = [width, 3 * width];
    shapes[`blocks.${i}.attention.out`] = [width, width];
    shapes[`blocks.${i}.mlp.up`] = [width, 4 * width];
    shapes[`blocks.${i}.mlp.down`] = [4 * width, width];
  }
  shapes.head = [width, vocabularySize];
  return shapes;
}

/**
 * How many numbers the model learns.
 *
 * @throws {RangeError} if the config makes no sense
 */
export function parameterCount(config: TransformerConfig): number {
  const sizes = Object.values(parameterShapes(config)).map(([rows, columns]) => rows * columns);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * The parameters of an untrained model. Matrices that write into the residual stream and
 * the head start at zero, so that at first every block passes its input on and every
 * character is predicted with probability `1 / V`; the others keep the scale of their input.
 *
 * @throws {RangeError} if the config makes no sense, or wants more than memory holds
 */
export function initialParameters(config: TransformerConfig, rng: Rng): NamedArrays {
  const shapes = parameterShapes(config);
  checkCount(shapes);
  const values: NamedArrays = {};
  for (const [name, [rows, columns]] of Object.entries(shapes)) {
    values[name] = new Float32Array(rows * columns);
    if (/(out|down|head)$/.test(name)) continue;
    const scale = /^(embedding|neighbours)$/.test(name) ? 0.02 : rows ** -0.5;
    const normal = rng.stream(name);
    values[name] = values[name].map(() => scale * normal.normal());
  }
  return values;
}
