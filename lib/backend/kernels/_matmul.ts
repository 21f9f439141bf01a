import * as tf from "@tensorflow/tfjs";
import { type KernelInstance, wasmKernel } from "./_instance.ts";

/**
 * Takes the place of tfjs's own matrix product, which is fast only for a single pair of
 * matrices of which none is transposed.
 */
export const matmulKernel = wasmKernel(
  tf.BatchMatMul,
  (instance, factors: Factors, transposed: tf.BatchMatMulAttrs) =>
    batchMatmul(instance, factors, transposed, false),
);

/** The product of `lib/ops/symmetric_matmul.ts`. */
export const symmetricMatmulKernel = wasmKernel(
  "SymmetricMatMul",
  (instance, factors: Factors, transposed: tf.BatchMatMulAttrs) =>
    batchMatmul(instance, factors, transposed, true),
);

interface Factors {
  a: tf.TensorInfo;
  b: tf.TensorInfo;
}

/** Multiplies pair by pair; `symmetric` says that the products are known to be. */
function batchMatmul(
  { kernels, address, allocate }: KernelInstance,
  { a, b }: Factors,
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
  symmetric: boolean,
): tf.TensorInfo {
  const left = matrices(a, transposeA);
  const right = matrices(b, transposeB);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(left.batch, right.batch);
  const product = allocate([...batch, left.rows, right.columns]);
  const [aStart, bStart, start] = [address(a), address(b), address(product)];
  const aIndices = sources(left.batch, batch);
  const bIndices = sources(right.batch, batch);
  for (let i = 0; i < aIndices.length; i++) {
    kernels.matmul(
      aStart + 4 * left.size * aIndices[i]!,
      left.rowStride,
      left.columnStride,
      bStart + 4 * right.size * bIndices[i]!,
      right.rowStride,
      right.columnStride,
      start + 4 * left.rows * right.columns * i,
      right.columns,
      left.rows,
      left.columns,
      right.columns,
      Number(symmetric),
    );
  }
  return product;
}

/** How a tensor is to be read as matrices, transposed if so wished. */
function matrices({ shape }: tf.TensorInfo, transposed: boolean) {
  const batch = shape.slice(0, -2);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const size = rows * columns;
  return transposed
    ? {
      batch,
      size,
      rows: columns,
      columns: rows,
      rowStride: 1,
      columnStride: columns,
    }
    : { batch, size, rows, columns, rowStride: columns, columnStride: 1 };
}

/** For each matrix of the `result`, which one of the `factor` it comes from. */
function sources(factor: number[], result: number[]): number[] {
  let indices = [0];
  const missing = result.length - factor.length;
  for (const [axis, size] of result.entries()) {
    const own = axis < missing ? 1 : factor[axis - missing]!;
    indices = indices.flatMap((index) =>
      Array.from({ length: size }, (_, i) => index * own + (own === 1 ? 0 : i))
    );
  }
  return indices;
}
