import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { attention, attentionWeights, splitHeads } from "dlm/ops/attention.ts";
import { Rng } from "dlm/rng.ts";
import { assertLikeReference, type Matrix, randomMatrix } from "../_reference.ts";
import * as reference from "../_reference.ts";
import { assertNoLeak, take, testOnEachBackend } from "../_support.ts";

const [batch, length, heads, width] = [2, 5, 2, 8];

for (const causal of [false, true]) {
  const kind = causal ? "causal " : "";
  const options = { batch, heads, causal };

  testOnEachBackend(`${kind}attention() has the values and gradients of plain loops`, async () => {
    const qkv = randomMatrix(batch * length, 3 * width, new Rng(1));
    await assertNoLeak(() =>
      assertLikeReference(
        (qkv) => attention(qkv, options),
        (qkv) => reference.attention(qkv, options),
        [qkv],
      )
    );
  });

  testOnEachBackend(
    `${kind}attention() gives the rows asked for, and their gradients`,
    async () => {
      const qkv = randomMatrix(batch * length, 3 * width, new Rng(4));
      for (const rows of [[8, 0, 2], [7], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]) {
        await assertNoLeak(async () => {
          const asked = tf.tensor1d(rows, "int32");
          await assertLikeReference(
            (qkv) => attention(qkv, { ...options, rows: asked }),
            (qkv) => {
              const all = reference.attention(qkv, options);
              return rows.map((row) => all[row]!);
            },
            [qkv],
          );
          asked.dispose();
        });
      }
    },
  );

  testOnEachBackend(`${kind}attention() looks where it may, and nowhere else`, async () => {
    const qkv = randomMatrix(batch * length, 3 * width, new Rng(2));
    const attend = (qkv: Matrix) => take(tf.tidy(() => attention(tf.tensor2d(qkv), options)));
    const before = await attend(qkv);
    const changed = 7; // the second sequence's third position
    qkv[changed] = qkv[changed]!.map((x) => x + 1);
    const after = await attend(qkv);

    const moved = before.flatMap((row, i) => row.some((x, j) => x !== after[i]![j]) ? [i] : []);
    assert.deepEqual(moved, causal ? [7, 8, 9] : [5, 6, 7, 8, 9]);
  });

  testOnEachBackend(`${kind}attentionWeights() are shares of what may be seen`, async () => {
    const rng = new Rng(3);
    const heads4d = () =>
      tf.reshape(tf.tensor2d(randomMatrix(12, 20, rng)), [2, 3, 10, 4]) as tf.Tensor4D;
    const weights = tf.tidy(() => attentionWeights(heads4d(), heads4d(), causal));
    assert.deepEqual(weights.shape, [2, 3, 10, 10]);
    const rows = await take(tf.reshape(weights, [60, 10]));
    rows.forEach((row, i) => {
      assert(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-6);
      row.forEach((weight, j) => assert.equal(weight > 0, !causal || j <= i % 10));
    });
    weights.dispose();
  });
}

Deno.test("attention() throws if it is asked for rows that are not there, or twice for one", async () => {
  const qkv = tf.zeros<tf.Rank.R2>([10, 24]);
  await assertNoLeak(() => {
    for (
      const [rows, message] of [
        [[0, 10], "There is no row 10: rows are counted from 0 to 9."],
        [[-1], "There is no row -1: rows are counted from 0 to 9."],
        [[3, 1, 3], "Row 3 was asked for twice: ask for it once."],
      ] as const
    ) {
      const asked = tf.tensor1d([...rows], "int32");
      const attend = () => attention(qkv, { batch, heads, causal: false, rows: asked });
      assert.throws(attend, { name: "RangeError", message });
      asked.dispose();
    }
  });
  qkv.dispose();
});

Deno.test("attention() and splitHeads() throw if the rows are no such sequences and heads", () => {
  const qkv = tf.zeros<tf.Rank.R2>([10, 24]);
  for (const [batch, heads] of [[3, 2], [2, 3], [0, 2], [-2, 2], [2, 0], [2.5, 2], [2, NaN]]) {
    const layout = { batch: batch!, heads: heads! };
    const expected = {
      name: "RangeError",
      message:
        `10 rows of 24 numbers are not queries, keys and values of ${batch} sequences with ` +
        `${heads} heads: give a batch that divides the rows, and heads of an even width.`,
    };
    assert.throws(() => attention(qkv, { ...layout, causal: false }), expected);
    assert.throws(() => splitHeads(qkv, layout), expected);
  }
  qkv.dispose();
});
