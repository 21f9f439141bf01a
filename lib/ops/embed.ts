import { tf } from "dlm/backend/backend.ts";
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
  const [batch, length] = tokens.shape;
  const [rows] = table.shape;
  const reach = Math.max(...offsets.map(Math.abs));
  return tf.tidy(() => {
    const nobody = -rows; // stays below zero in every part of the table, where there are no rows
    const padded = tf.pad(tokens, [[0, 0], [reach, reach]], nobody);
    const indices = offsets.map((offset, k) => {
      const neighbours = tf.slice(padded, [0, reach + offset], [batch, length]);
      return tf.add(neighbours, tf.scalar(k * rows / offsets.length, "int32"));
    });
    return sumRows(table, tf.reshape(tf.stack(indices, 2), [-1, offsets.length]));
  });
}
