import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";
import { sumRows } from "dlm/ops/sum_rows.ts";

/**
 * The row of `table` for each token.
 *
 * @param table `[V + 1, D]`, a row for each character and one for the mask
 * @param tokens `[B, T]`, int32
 * @returns `[B·T, D]`
 */
export function embed(table: tf.Tensor2D, tokens: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => sumRows(table, tf.reshape(tokens, [-1, 1])));
}

/**
 * What its neighbours tell each place: the sum of a row of `table` for each of them. The
 * neighbour at each offset has a part of the table to itself, in which the row is that of its
 * token; beyond the ends of a sequence there is none. It is a convolution over one-hot tokens.
 *
 * @param table `[K·(V + 1), D]`
 * @param tokens `[B, T]`, int32
 * @param offsets where the `K` neighbours are: -1 stands for the place before
 * @returns `[B·T, D]`
 */
export function embedNeighbours(
  table: tf.Tensor2D,
  tokens: tf.Tensor2D,
  offsets: readonly number[],
): tf.Tensor2D {
  const rows = table.shape[0] / offsets.length;
  return tf.tidy(() => {
    const indices = fused<tf.Tensor2D>("NeighbourIndices", { tokens }, { offsets, rows }) ??
      plainIndices(tokens, offsets, rows);
    return sumRows(table, indices);
  });
}

/**
 * Which row of the table stands for each neighbour, `[B·T, K]`; below zero there is none. For
 * backends that have no kernel for it.
 */
function plainIndices(tokens: tf.Tensor2D, offsets: readonly number[], rows: number): tf.Tensor2D {
  const [batch, length] = tokens.shape;
  const reach = Math.max(...offsets.map(Math.abs));
  const nobody = -rows * offsets.length; // stays below zero in every part of the table
  const padded = tf.pad(tokens, [[0, 0], [reach, reach]], nobody);
  const indices = offsets.map((offset, k) => {
    const neighbours = tf.slice(padded, [0, reach + offset], [batch, length]);
    return tf.add(neighbours, tf.scalar(k * rows, "int32"));
  });
  return tf.reshape(tf.stack(indices, 2), [-1, offsets.length]);
}
