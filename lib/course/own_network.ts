import { tf } from "dlm/backend/backend.ts";
import type { NamedVariables } from "dlm/backend/variables.ts";
import { type CheckedSlope, gradientCheck } from "dlm/course/gradient_check.ts";
import { randomMatrix } from "dlm/course/random_matrix.ts";
import { maskExactly } from "dlm/masking.ts";
import { crossEntropy } from "dlm/ops/cross_entropy.ts";
import type { Row } from "dlm/display/table.ts";
import { Rng } from "dlm/rng.ts";

/** Gives the matrix of a name; the first time, random numbers of the size that is asked for. */
export type GetMatrix = (name: string, rows: number, columns: number) => tf.Tensor2D;

/**
 * A network of your own: from tokens, `[B, T]`, to logits, `[B·T, V]`. Its matrices are those that
 * it asks for, so they need no declaration beside the line that uses them.
 */
export type OwnNetwork = (tokens: tf.Tensor2D, matrix: GetMatrix) => tf.Tensor2D;

/** The matrices of a network of your own, owned by this object. */
export class Matrices implements Disposable {
  /** By name, in the order in which they were asked for. */
  readonly variables: NamedVariables = {};
  readonly #rng: Rng;

  /** @param rng fills the matrices, each from a stream of its own name */
  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /**
   * The matrix of a name. A new one gets normal random numbers that, in a product, keep the size
   * of a row.
   *
   * @throws {RangeError} if it was made in another size, or its size makes no sense
   */
  readonly get: GetMatrix = (name, rows, columns) => {
    const known = this.variables[name] as tf.Variable<tf.Rank.R2> | undefined;
    if (!known) return this.variables[name] = this.#random(name, [rows, columns]);
    if (known.shape[0] === rows && known.shape[1] === columns) return known;
    throw new RangeError(
      `The matrix ${name} is asked for as ${rows} × ${columns}, but it was ` +
        `${known.shape.join(" × ")} before: give each matrix a name of its own.`,
    );
  };

  [Symbol.dispose](): void {
    tf.dispose(this.variables);
  }

  #random(name: string, shape: [number, number]): tf.Variable<tf.Rank.R2> {
    return tf.tidy(() => {
      const numbers = randomMatrix(shape, this.#rng.stream(name));
      return tf.variable(tf.mul<tf.Tensor2D>(numbers, shape[0] ** -0.5));
    });
  }
}

/** What {@linkcode inspectNetwork} finds out about one matrix: a row for {@linkcode table}. */
export interface InspectedMatrix extends Row {
  matrix: string;
  shape: string;
  /** How many numbers it has. */
  parameters: number;
  /** The steepest of the slopes that were checked, in nats. */
  "steepest slope": number;
  /** How far apart the two ways to find a slope were, at most. */
  "furthest off": number;
}

/** What {@linkcode inspectNetwork} finds out. */
export interface InspectedNetwork {
  /** How many numbers the network learns. */
  parameters: number;
  /** What they are. */
  matrices: InspectedMatrix[];
  /** Some slopes of each matrix, found in two ways. */
  slopes: CheckedSlope[];
}

/** Options for {@linkcode inspectNetwork}. */
export interface InspectOptions {
  /** `V`, the number of characters; the id of the mask is `V`. */
  vocabularySize: number;
  /** Decides the matrices and the texts.
   * @default {1}
   */
  seed?: number;
}

/** `B` and `T` of the texts that a network is tried on; half of their characters are masked. */
const [BATCH, LENGTH] = [6, 8];

/**
 * Tries a network of your own on a few random texts: whether its logits have the right shape, what
 * its matrices are, and whether its gradient agrees with differences. The loss is the mean surprisal
 * of all characters, masked or not, so that there are slopes even where places know nothing of one
 * another.
 *
 * @example
 * ```ts
 * import { inspectNetwork } from "dlm/course/own_network.ts";
 * import { embed } from "dlm/ops/embed.ts";
 * import assert from "node:assert/strict";
 *
 * const V = 5; // for each of six tokens a row of five logits
 * const { parameters } = await inspectNetwork(
 *   (tokens, matrix) => embed(matrix("table", V + 1, V), tokens),
 *   { vocabularySize: V },
 * );
 * assert.equal(parameters, 30);
 * ```
 *
 * @throws {RangeError} if the logits are of another shape than `[B·T, V]`
 */
export async function inspectNetwork(
  network: OwnNetwork,
  options: InspectOptions,
): Promise<InspectedNetwork> {
  const { vocabularySize, seed = 1 } = options;
  const rng = new Rng(seed);
  using matrices = new Matrices(rng.stream("matrices"));
  const targets = Int32Array.from({ length: BATCH * LENGTH }, () => rng.integer(vocabularySize));
  const ids = maskExactly(targets, { maskId: vocabularySize, count: targets.length / 2, rng });
  const weights = new Float32Array(ids.length).fill(1 / ids.length);
  const loss = () => {
    const logits = network(tf.tensor2d(ids, [BATCH, LENGTH], "int32"), matrices.get);
    checkShape(logits, [ids.length, vocabularySize]);
    return crossEntropy(logits, { targets: tf.tensor1d(targets), weights: tf.tensor1d(weights) });
  };
  tf.tidy(loss).dispose(); // from now on, all matrices are there
  const slopes = await gradientCheck(loss, matrices.variables);
  const found = Object.entries(matrices.variables).map(([matrix, { shape, size }]) => {
    const own = slopes.filter(({ name }) => name === matrix);
    return {
      matrix,
      shape: shape.join(" × "),
      parameters: size,
      "steepest slope": largest(own.map(({ difference }) => difference)),
      "furthest off": largest(own.map(({ gradient, difference }) => gradient - difference)),
    };
  });
  const parameters = found.reduce((sum, matrix) => sum + matrix.parameters, 0);
  return { parameters, matrices: found, slopes };
}

function largest(numbers: number[]): number {
  return Math.max(...numbers.map(Math.abs));
}

function checkShape({ shape }: tf.Tensor, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw new RangeError(
    `For ${BATCH} texts of ${LENGTH} characters, the logits are [${shape.join(", ")}] where ` +
      `[${expected.join(", ")}] is wanted: a row for each place and a column for each character.`,
  );
}
