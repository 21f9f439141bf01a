import type { NamedVariables } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { symmetricMatMul } from "dlm/ops/symmetric_matmul.ts";
import { mix, weightedSum } from "dlm/ops/weighted_sum.ts";
import type { Stride } from "dlm/optimizer/stride.ts";

/** How slowly the mean of the gradients forgets. */
const MOMENTUM = 0.9;
/** How often `a·σ + b·σ³ + c·σ⁵` is applied to each singular value: enough to bring one of 0.002
 * near 1. */
const ITERATIONS = 5;
/** Steep at 0, so that few iterations do; the price is that what has arrived keeps moving between
 * 0.7 and 1.2, which training does not mind. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
/** Keeps a matrix without a gradient at zero. */
const EPSILON = 1e-7;

/**
 * The nearest matrices with orthonormal rows, or columns if those are fewer, roughly: all
 * singular values of `U·S·Vᵀ` become about 1 (0.7 to 1.2), those of zero excepted.
 *
 * It takes matrix products alone: a Newton–Schulz iteration, which does to the singular
 * values what its polynomial does to numbers (Jordan et al., 2024, "Muon: An optimizer for
 * hidden layers in neural networks").
 *
 * @param matrices `[N, R, C]`
 * @returns `[N, R, C]`, owned by the caller
 */
export function orthogonalize(matrices: tf.Tensor3D): tf.Tensor3D {
  const [, rows, columns] = matrices.shape;
  const tall = rows > columns;
  return tf.tidy(() => {
    // No singular value is above the Frobenius norm, and the iteration wants none above 1.
    let x = fused<tf.Tensor3D>("UnitNorm", { matrices }, { epsilon: EPSILON }) ??
      plainUnitNorm(matrices);
    for (let i = 0; i < ITERATIONS; i++) {
      x = tf.tidy(() => {
        const gram = symmetricMatMul(x, x, tall, !tall); // X·Xᵀ or Xᵀ·X, whichever is smaller
        const square = symmetricMatMul(gram, gram);
        const polynomial = fused<tf.Tensor3D>("Quadratic", { x: gram, y: square }, {
          weights: [A, B, C],
        }) ?? plainQuadratic(gram, square);
        return tall ? tf.matMul(x, polynomial) : tf.matMul(polynomial, x);
      });
    }
    return x;
  });
}

/** Matrices over their Frobenius norms, where the backend has no kernel for it. */
function plainUnitNorm(matrices: tf.Tensor3D): tf.Tensor3D {
  const norm = tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true)); // [N, 1, 1]
  return tf.div(matrices, tf.add(norm, EPSILON));
}

/** `a + b·x + c·y` of square matrices, where the backend has no kernel for it. */
function plainQuadratic(x: tf.Tensor3D, y: tf.Tensor3D): tf.Tensor3D {
  const first = tf.mul(tf.eye(x.shape[1]), A);
  return tf.add(first, weightedSum(x, y, [B, C]));
}

/**
 * Where Muon would move some parameters, apart from their weight decay: along the running mean
 * of the gradient, seen one step ahead (Nesterov) and orthogonalised. So the few directions in
 * which a gradient is large do not drown the many others, and its size plays no role.
 *
 * Vectors are rows here, `x @ matrix`. Orthonormal rows keep the length of `x`, and spread it
 * over more numbers if the matrix is wide: times `sqrt(columns / rows)`, a step changes each
 * output by about as much as for a square matrix. A tall one loses part of the length, in
 * proportion to the numbers it leaves, and needs nothing.
 *
 * @param means the running means of the gradients, by parameter; updated
 * @param gradients by parameter
 * @returns the directions uphill, by parameter, owned by the caller
 */
export function muonDirections(
  means: NamedVariables,
  gradients: Record<string, tf.Tensor>,
): Record<string, tf.Tensor> {
  const names = Object.keys(means);
  const parts = tf.tidy(() =>
    names.map((name) => {
      const [mean, gradient] = [means[name]!, gradients[name]!];
      mean.assign(mix(mean, gradient, MOMENTUM));
      return split(mix(mean, gradient, MOMENTUM) as tf.Tensor2D, partsOf(name));
    })
  );
  const directions = tf.tidy(() => {
    const rest = orthogonalizeAll(parts.flat());
    return names.map((name) => {
      const own = rest.splice(0, partsOf(name));
      const [rows, columns] = own[0]!.shape as [number, number];
      return [name, tf.mul(tf.concat(own, 1), sizeOf(rows, columns))] as const;
    });
  });
  tf.dispose(parts);
  return Object.fromEntries(directions);
}

/** A parameter of Muon's with all that is kept of it. */
interface MuonParameter {
  parameter: tf.Variable;
  /** The running mean of its gradient. */
  mean: tf.Variable;
  average: tf.Variable;
}

/**
 * The steps along {@linkcode muonDirections}, where the backend has kernels that put matrices of
 * one shape together and take them apart again on the way: in place, so the numbers have to be
 * the variables' own.
 *
 * @param gradients by parameter, not yet clipped
 */
export function muonStep(
  parameters: Record<string, MuonParameter>,
  gradients: Record<string, tf.Tensor>,
  { scale, shrink, rate, keep }: Stride,
): void {
  const shapeOf = (name: string) => {
    const [rows, columns] = gradients[name]!.shape as [number, number];
    return [rows, columns / partsOf(name)] as const;
  };
  for (const names of Map.groupBy(Object.keys(parameters), (name) => `${shapeOf(name)}`).values()) {
    const all = (part: keyof MuonParameter) => names.map((name) => parameters[name]![part]);
    const [rows, columns] = shapeOf(names[0]!);
    const parts = names.map(partsOf);
    tf.tidy(() => {
      const inputs = [...all("mean"), ...names.map((name) => gradients[name]!)];
      const ahead = fused<tf.Tensor3D>("LookAhead", inputs, { parts, scale, momentum: MOMENTUM });
      const directions = orthogonalize(ahead!); // [N, R, C]
      const step = -rate * sizeOf(rows, columns);
      const moved = [directions, ...all("parameter"), ...all("average")];
      fused("MoveAlong", moved, { parts, shrink, step, keep });
    });
  }
}

/** How long a direction is, for each number in a vector that it changes. */
function sizeOf(rows: number, columns: number): number {
  return Math.sqrt(Math.max(1, columns / rows));
}

/** Orthogonalises matrices of all shapes, those of one shape together: few ops with much to do. */
function orthogonalizeAll(matrices: tf.Tensor[]): tf.Tensor[] {
  const found: tf.Tensor[] = [];
  for (const indices of Map.groupBy(matrices.keys(), (i) => `${matrices[i]!.shape}`).values()) {
    const stack = tf.stack(indices.map((i) => matrices[i]!)) as tf.Tensor3D; // [N, R, C]
    const [count, rows, columns] = stack.shape;
    const all = tf.reshape(orthogonalize(stack), [count * rows, columns]) as tf.Tensor2D;
    indices.forEach((index, n) => {
      found[index] = gatherRows(all, tf.range(n * rows, (n + 1) * rows, 1, "int32"));
    });
  }
  return found;
}

/** How many matrices stand side by side in a parameter: queries, keys and values are three. */
function partsOf(name: string): number {
  return name.endsWith(".qkv") ? 3 : 1;
}

/**
 * Matrices that stand side by side, `[R, C]` each of `[R, N·C]`. They are gathered as rows, since
 * tfjs's own split, and its unstack, copy the whole tensor for each part.
 */
function split(matrix: tf.Tensor2D, count: number): tf.Tensor2D[] {
  const [rows, columns] = matrix.shape;
  const pieces: tf.Tensor2D = tf.reshape(matrix, [rows * count, columns / count]);
  return Array.from(
    { length: count },
    (_, n) => gatherRows(pieces, tf.range(n, rows * count, count, "int32")),
  );
}
