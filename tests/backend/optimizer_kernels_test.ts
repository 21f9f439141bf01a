import assert from "node:assert/strict";
import fc from "fast-check";
import { tf } from "dlm/backend/backend.ts";
import { addTo } from "dlm/ops/add_to.ts";
import { Optimizer } from "dlm/optimizer/optimizer.ts";
import { assertAllClose, normal, testBuilds, withoutKernels } from "./_builds.ts";

/** Parameters of all kinds, some of Muon's of one shape. */
function shapesOf(rows: number, columns: number): Record<string, [rows: number, columns: number]> {
  return {
    embedding: [rows, columns],
    "blocks.0.attention.qkv": [rows, 3 * columns],
    "blocks.0.attention.out": [rows, columns],
    "blocks.0.mlp.down": [columns, rows],
    "blocks.1.attention.qkv": [rows, 3 * columns],
    head: [columns, rows],
  };
}

/** Two steps, of which the first has a gradient to be clipped. */
async function takeSteps(shapes: Record<string, [number, number]>, seed: number) {
  const draw = (seed: number, scale: number) =>
    Object.entries(shapes).map(([name, shape], i) => {
      return [name, tf.tidy(() => tf.mul(normal(shape, seed + i), scale))] as const;
    });
  const variables = draw(seed, 1).map(([name, start]) => {
    const variable = tf.variable(start);
    start.dispose();
    return [name, variable] as const;
  });
  const parameters = Object.fromEntries(variables);
  using optimizer = new Optimizer(parameters);
  const norms: number[] = [];
  for (const [step, scale] of [[1, 1], [2, 0.01]] as const) {
    const gradients = Object.fromEntries(draw(seed + 100 * step, scale));
    const rates = { learningRate: 0.1, matrixLearningRate: 0.2 };
    norms.push(await optimizer.step(gradients, { step, ...rates }));
    tf.dispose(gradients);
  }
  const { mean, meanSquare, average } = optimizer.state;
  const copy = (variables: Record<string, tf.Tensor>) =>
    Object.values(variables).map((variable) => tf.clone(variable));
  const found = {
    means: [...copy(mean), ...copy(meanSquare), tf.tensor1d(norms)],
    moved: [...copy(parameters), ...copy(average)],
  };
  tf.dispose(parameters);
  return found;
}

testBuilds(
  "the optimizer's kernels do what plain ops do",
  fc.asyncProperty(
    fc.integer({ min: 1, max: 21 }),
    fc.integer({ min: 1, max: 21 }),
    fc.nat(),
    async (rows, columns, seed) => {
      const found = await takeSteps(shapesOf(rows, columns), seed);
      const expected = await withoutKernels(() => takeSteps(shapesOf(rows, columns), seed));
      await assertAllClose(found.means, expected.means);
      // The iteration of Muon makes up to 500 times as much of what was rounded away.
      await assertAllClose(found.moved, expected.moved, 2e-4);
    },
  ),
);

testBuilds(
  "addTo() adds in place where it may, and what else has the same numbers keeps them",
  fc.asyncProperty(
    fc.integer({ min: 1, max: 21 }),
    fc.integer({ min: 1, max: 21 }),
    fc.boolean(),
    fc.nat(),
    async (rows, columns, shared, seed) => {
      const [a, b] = [normal([rows, columns], seed), normal([rows, columns], seed + 1)];
      const expected = tf.add(a, b);
      const before = await a.data();
      const clone = shared ? [tf.clone(a)] : [];
      const sum = addTo(a, b);
      assert.equal(sum === a, !shared);
      for (const other of clone) assert.deepEqual(await other.data(), before);
      await assertAllClose([sum], [expected]);
      tf.dispose([b, clone]);
    },
  ),
);

Deno.test("a step leaves what was cloned of a parameter before as it was", async () => {
  const parameters = { head: tf.variable(tf.ones([1, 3])) };
  const gradients = { head: tf.ones([1, 3]) };
  const clone = tf.clone(parameters.head);
  using optimizer = new Optimizer(parameters);
  const first = tf.clone(optimizer.state.average.head!);
  await optimizer.step(gradients, { step: 1, learningRate: 0.1, matrixLearningRate: 0.1 });
  for (const before of [clone, first]) assert.deepEqual([...await before.data()], [1, 1, 1]);
  assert((await parameters.head.data()).every((x) => x < 1));
  tf.dispose([parameters, gradients, clone, first]);
});
