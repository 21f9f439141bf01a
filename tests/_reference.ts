import assert from "node:assert/strict";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { parameterShapes, type TransformerConfig } from "dlm/model.ts";
import { RMS_EPSILON } from "dlm/ops/rms_norm.ts";
import { ROTARY_BASE } from "dlm/ops/rotary.ts";
import { Rng } from "dlm/rng.ts";
import { assertClose } from "./_support.ts";

// The model once more: plain loops over doubles, as slow and as obvious as can be.

/** Rows of numbers. */
export type Matrix = number[][];

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

export function dot(a: number[], b: number[]): number {
  return sum(a.map((x, i) => x * b[i]!));
}

export function add(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((x, j) => x + b[i]![j]!));
}

export function matMul(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => sum(row.map((x, k) => x * b[k]![j]!))));
}

export function transpose(a: Matrix): Matrix {
  return a[0]!.map((_, j) => a.map((row) => row[j]!));
}

export function rmsNorm(x: Matrix): Matrix {
  return x.map((row) => {
    const scale = 1 / Math.sqrt(dot(row, row) / row.length + RMS_EPSILON);
    return row.map((value) => value * scale);
  });
}

export function reluSquared(x: Matrix): Matrix {
  return x.map((row) => row.map((value) => Math.max(value, 0) ** 2));
}

export function embed(table: Matrix, tokens: number[][]): Matrix {
  return tokens.flat().map((id) => [...table[id]!]);
}

/** The sum of what the neighbours at these offsets say, each from its part of the table. */
export function embedNeighbours(table: Matrix, tokens: number[][], offsets: number[]): Matrix {
  const part = table.length / offsets.length;
  return tokens.flatMap((sequence) =>
    sequence.map((_, i) => {
      const sum = table[0]!.map(() => 0);
      offsets.forEach((offset, k) => {
        const id = sequence[i + offset];
        if (id === undefined) return;
        table[k * part + id]!.forEach((value, j) => sum[j]! += value);
      });
      return sum;
    })
  );
}

/** Turns each pair `(i, i + Dh/2)` of the row at each position. */
export function rotary(x: Matrix): Matrix {
  return x.map((row, position) => {
    const half = row.length / 2;
    const turned = [...row];
    for (let i = 0; i < half; i++) {
      const angle = position / ROTARY_BASE ** (2 * i / row.length);
      const [a, b] = [row[i]!, row[i + half]!];
      turned[i] = a * Math.cos(angle) + b * Math.sin(angle);
      turned[i + half] = b * Math.cos(angle) - a * Math.sin(angle);
    }
    return turned;
  });
}

export function softmax(row: number[]): number[] {
  const powers = row.map((x) => Math.exp(x - Math.max(...row)));
  return powers.map((power) => power / sum(powers));
}

/** One head of one sequence, from its queries, keys and values, `[T, Dh]` each. */
function attend(q: Matrix, k: Matrix, v: Matrix, causal: boolean): Matrix {
  const [queries, keys] = [rmsNorm(rotary(q)), rmsNorm(rotary(k))];
  return queries.map((query, i) => {
    const seen = causal ? i + 1 : keys.length;
    const weights = softmax(
      keys.slice(0, seen).map((key) => dot(query, key) / Math.sqrt(query.length)),
    );
    return matMul([weights], v.slice(0, seen))[0]!;
  });
}

export function attention(
  qkv: Matrix,
  { batch, heads, causal }: { batch: number; heads: number; causal: boolean },
): Matrix {
  const length = qkv.length / batch;
  const width = qkv[0]!.length / 3;
  const size = width / heads;
  return Array.from({ length: batch }, (_, b) => {
    const rows = qkv.slice(b * length, (b + 1) * length);
    const columns = (from: number) => rows.map((row) => row.slice(from, from + size));
    const outputs = Array.from({ length: heads }, (_, h) => {
      const [q, k, v] = [0, 1, 2].map((part) => columns(part * width + h * size));
      return attend(q!, k!, v!, causal);
    });
    return rows.map((_, i) => outputs.flatMap((output) => output[i]!));
  }).flat();
}

export function surprisals(logits: Matrix, targets: number[]): number[] {
  return logits.map((row, i) => -Math.log(softmax(row)[targets[i]!]!));
}

/** Parameters as the loops want them. */
export function toMatrices(
  config: TransformerConfig,
  parameters: NamedArrays,
): Record<string, Matrix> {
  const matrices = Object.entries(parameterShapes(config)).map(([name, [rows, columns]]) => {
    const row = (i: number) => parameters[name]!.slice(i * columns, (i + 1) * columns);
    return [name, Array.from({ length: rows }, (_, i) => [...row(i)])];
  });
  return Object.fromEntries(matrices);
}

/** The logits of every position. */
export function transformer(
  config: TransformerConfig,
  parameters: Record<string, Matrix>,
  tokens: number[][],
): Matrix {
  const { layers, heads, causal } = config;
  const matrix = (name: string) => parameters[name]!;
  const near = causal ? [-1, -2, -3, -4] : [-1, -2, -3, -4, 1, 2, 3, 4];
  const around = embedNeighbours(matrix("neighbours"), tokens, near);
  let x = rmsNorm(add(embed(matrix("embedding"), tokens), around));
  for (let i = 0; i < layers; i++) {
    const qkv = matMul(rmsNorm(x), matrix(`blocks.${i}.attention.qkv`));
    const mixed = attention(qkv, { batch: tokens.length, heads, causal });
    x = add(x, matMul(mixed, matrix(`blocks.${i}.attention.out`)));
    const hidden = reluSquared(matMul(rmsNorm(x), matrix(`blocks.${i}.mlp.up`)));
    x = add(x, matMul(hidden, matrix(`blocks.${i}.mlp.down`)));
  }
  return matMul(rmsNorm(x), matrix("head"));
}

/** The Newton–Schulz iteration of Muon, always on the fewer rows. */
export function orthogonalize(matrix: Matrix): Matrix {
  if (matrix.length > matrix[0]!.length) return transpose(orthogonalize(transpose(matrix)));
  const norm = Math.sqrt(dot(matrix.flat(), matrix.flat())) + 1e-7;
  let x = matrix.map((row) => row.map((value) => value / norm));
  for (let i = 0; i < 5; i++) {
    const gram = matMul(x, transpose(x));
    const [once, twice] = [matMul(gram, x), matMul(gram, matMul(gram, x))];
    x = x.map((row, r) =>
      row.map((value, c) => 3.4445 * value - 4.775 * once[r]![c]! + 2.0315 * twice[r]![c]!)
    );
  }
  return x;
}

/** A matrix of standard normal numbers. */
export function randomMatrix(rows: number, columns: number, rng: Rng): Matrix {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
}

/**
 * The slope of `f` in each entry of a matrix, by central differences. In doubles and with
 * this step they are off by about `h² = 1e-10` and `1e-16 / h = 1e-11`: for comparing with
 * float32 they are exact.
 */
export function centralDifferences(f: () => number, matrix: Matrix): number[] {
  const h = 1e-5;
  return matrix.flatMap((row) =>
    row.map((value, i) => {
      row[i] = value + h;
      const above = f();
      row[i] = value - h;
      const below = f();
      row[i] = value;
      return (above - below) / (2 * h);
    })
  );
}

/**
 * How far float32 may be from doubles, as a share of the largest number: some ten to a
 * hundred roundings of 2^-24 = 6e-8 each.
 */
export const FLOAT32_TOLERANCE = 3e-6;

/** Asserts that an op has the values and the gradients of its reference. */
export async function assertLikeReference(
  op: (...inputs: tf.Tensor2D[]) => tf.Tensor,
  reference: (...inputs: Matrix[]) => Matrix,
  inputs: Matrix[],
): Promise<void> {
  const expected = reference(...inputs).flat();
  // The gradient of the op's outputs in any one mixture, which stands for all.
  const mixture = randomMatrix(1, expected.length, new Rng(0))[0]!;
  const tensors = inputs.map((input) => tf.tensor2d(input));
  const value = tf.tidy(() => op(...tensors));
  const mixed = (...xs: tf.Tensor[]) =>
    tf.sum(tf.mul(tf.reshape(op(...xs as tf.Tensor2D[]), [-1]), mixture));
  const gradients = tf.grads(mixed)(tensors);

  assertClose(await value.data(), expected, FLOAT32_TOLERANCE);
  for (const [n, input] of inputs.entries()) {
    const slopes = centralDifferences(() => dot(mixture, reference(...inputs).flat()), input);
    assert.deepEqual(gradients[n]!.shape, tensors[n]!.shape);
    assertClose(await gradients[n]!.data(), slopes, FLOAT32_TOLERANCE);
  }
  tf.dispose([value, tensors, gradients]);
}
