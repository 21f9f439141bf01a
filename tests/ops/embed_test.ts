import { tf } from "dlm/backend/backend.ts";
import { embed, embedNeighbours } from "dlm/ops/embed.ts";
import { Rng } from "dlm/rng.ts";
import { assertLikeReference, randomMatrix } from "../_reference.ts";
import * as reference from "../_reference.ts";
import { assertNoLeak, testOnEachBackend } from "../_support.ts";

testOnEachBackend("embed() has the values and gradients of plain loops", async () => {
  // Id 5 stands for the mask, the table's last row; 2 and 3 do not occur, 1 often does.
  const tokens = [[1, 0, 5], [1, 4, 1]];
  const table = randomMatrix(6, 3, new Rng(1));
  await assertNoLeak(async () => {
    const ids = tf.tensor2d(tokens, [2, 3], "int32");
    await assertLikeReference(
      (table) => embed(table, ids),
      (table) => reference.embed(table, tokens),
      [table],
    );
    ids.dispose();
  });
});

testOnEachBackend("embedNeighbours() has the values and gradients of plain loops", async () => {
  const tokens = [[1, 0, 3, 2], [1, 1, 3, 0]];
  for (const offsets of [[-1], [-1, -2, 1, 2], [-3, 3], [5, -1]]) {
    const table = randomMatrix(4 * offsets.length, 3, new Rng(1));
    await assertNoLeak(async () => {
      const ids = tf.tensor2d(tokens, [2, 4], "int32");
      await assertLikeReference(
        (table) => embedNeighbours(table, ids, offsets),
        (table) => reference.embedNeighbours(table, tokens, offsets),
        [table],
      );
      ids.dispose();
    });
  }
});
