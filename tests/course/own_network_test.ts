import assert from "node:assert/strict";
import { mean } from "simple-statistics";
import { tf } from "dlm/backend/backend.ts";
import { inspectNetwork, Matrices, type OwnNetwork } from "dlm/course/own_network.ts";
import { embed } from "dlm/ops/embed.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { Rng } from "dlm/rng.ts";
import { assertNoLeak } from "../_support.ts";

const [V, D] = [5, 8];

const small: OwnNetwork = (tokens, matrix) => {
  const x = rmsNorm(embed(matrix("embedding", V + 1, D), tokens));
  const found = tf.square(tf.relu(tf.matMul(x, matrix("up", D, D))));
  return tf.matMul(found, matrix("head", D, V));
};

Deno.test("Matrices gives the same matrix for the same name, and another for another", async () => {
  await assertNoLeak(async () => {
    using matrices = new Matrices(new Rng(1));
    const a = matrices.get("a", 400, 100);
    assert.deepEqual(a.shape, [400, 100]);
    assert.equal(matrices.get("a", 400, 100), a);
    const [numbers, others] = [await a.data(), await matrices.get("b", 400, 100).data()];
    assert.notDeepEqual(numbers, others);
    assert.deepEqual(Object.keys(matrices.variables), ["a", "b"]);
    const square = mean(Array.from(numbers, (x) => x * x));
    assert(Math.abs(400 * square - 1) < 0.05, "a product keeps the size of a row");
  });
});

Deno.test("Matrices depend on the seed and the name alone, not on who asked first", async () => {
  using one = new Matrices(new Rng(1));
  using other = new Matrices(new Rng(1));
  other.get("b", 2, 2);
  assert.deepEqual(await one.get("a", 2, 3).data(), await other.get("a", 2, 3).data());
});

Deno.test("Matrices throws if a name is used for two sizes", () => {
  using matrices = new Matrices(new Rng(1));
  matrices.get("a", 2, 3);
  assert.throws(() => matrices.get("a", 3, 2), {
    name: "RangeError",
    message: /^The matrix a is asked for as 3 × 2, but it was 2 × 3 before/,
  });
});

Deno.test("inspectNetwork() counts, lists and checks the matrices, and frees all", async () => {
  await assertNoLeak(async () => {
    const { parameters, matrices, slopes } = await inspectNetwork(small, { vocabularySize: V });
    assert.equal(parameters, (V + 1) * D + D * D + D * V);
    assert.deepEqual(matrices.map(({ matrix, shape }) => [matrix, shape]), [
      ["embedding", "6 × 8"],
      ["up", "8 × 8"],
      ["head", "8 × 5"],
    ]);
    assert.deepEqual([...new Set(slopes.map(({ name }) => name))], ["embedding", "up", "head"]);
    for (const row of matrices) {
      assert(row["steepest slope"] > 1e-3, `${row.matrix} matters`);
      assert(row["furthest off"] < 1e-4, `${row.matrix} is off by ${row["furthest off"]}`);
    }
  });
});

Deno.test("inspectNetwork() finds a wrong rule, and a matrix that does nothing", async () => {
  const wrong: OwnNetwork = (tokens, matrix) => {
    const bend = tf.customGrad((a, save) => {
      (save as tf.GradSaveFunc)([a as tf.Tensor]);
      return {
        value: tf.square(tf.relu(a as tf.Tensor)),
        gradFunc: (dy: tf.Tensor, [a]: tf.Tensor[]) => tf.mul(dy, tf.relu(a!)), // half of it
      };
    });
    matrix("idle", 2, 2);
    const x = bend(rmsNorm(embed(matrix("embedding", V + 1, D), tokens))) as tf.Tensor2D;
    return tf.matMul(x, matrix("head", D, V));
  };
  const { matrices: [idle, embedding, head] } = await inspectNetwork(wrong, { vocabularySize: V });
  assert.equal(idle!["steepest slope"], 0);
  assert(embedding!["furthest off"] > 0.4 * embedding!["steepest slope"]);
  assert(head!["furthest off"] < 1e-4);
});

Deno.test("inspectNetwork() throws if the logits are of another shape", async () => {
  const turned: OwnNetwork = (tokens, matrix) => tf.transpose(small(tokens, matrix));
  await assert.rejects(inspectNetwork(turned, { vocabularySize: V }), {
    name: "RangeError",
    message: /logits are \[5, 48\] where \[48, 5\] is wanted/,
  });
});
