import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * Sums of some rows of a matrix, each as often as one likes; a row that does not exist adds
 * nothing.
 *
 * @param table `[N, D]`
 * @param indices `[M, K]`, int32
 * @returns `[M, D]`
 */
export function sumRows(table: tf.Tensor2D, indices: tf.Tensor2D): tf.Tensor2D {
  return fused<tf.Tensor2D>("SumRows", { table, indices }) ?? plainSumRows(table, indices);
}

/**
 * {@linkcode sumRows} where the backend has no kernel for it: a product with the sums of one-hot
 * rows, whose gradient is again a product, since not every backend can scatter a gather's gradient.
 */
export function plainSumRows(table: tf.Tensor2D, indices: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const chosen = tf.unstack(indices, 1).map((column) =>
      tf.cast(tf.oneHot(column, table.shape[0]), "float32") // [M, N]
    );
    return tf.matMul(chosen.reduce((sum, next) => tf.add(sum, next)) as tf.Tensor2D, table); // [M, D]
  });
}
