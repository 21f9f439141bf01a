import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * Some rows of a matrix, each at most once.
 *
 * @param x `[N, D]`
 * @param rows `[M]`, int32, all different
 * @returns `[M, D]`
 */
export function gatherRows(x: tf.Tensor2D, rows: tf.Tensor1D): tf.Tensor2D {
  const indices: tf.Tensor2D = tf.expandDims(rows, 1); // [M, 1]
  return fused<tf.Tensor2D>("SumRows", { table: x, indices }) ?? plainGatherRows(x, rows);
}

/** {@linkcode gatherRows} where the backend has no kernel for it. */
function plainGatherRows(x: tf.Tensor2D, rows: tf.Tensor1D): tf.Tensor2D {
  const gather = tf.customGrad((input, save) => {
    (save as (kept: tf.Tensor[]) => void)([rows]);
    return {
      value: tf.gather(input as tf.Tensor2D, rows), // [M, D]
      gradFunc: (dy: tf.Tensor, [rows]: tf.Tensor[]) => {
        const indices: tf.Tensor2D = tf.expandDims(rows!, 1); // [M, 1]
        return tf.scatterND(indices, dy, x.shape); // [N, D]
      },
    };
  });
  return gather(x) as tf.Tensor2D;
}
