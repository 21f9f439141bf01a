import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { readAll } from "dlm/backend/variables.ts";
import { gradientCheck } from "dlm/course/gradient_check.ts";
import { Transformer } from "dlm/model.ts";
import { exactCountNoise, lossAndGradients, noisyLoss } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { assertNoLeak, fakeInterrupt, randomParameters, TINY } from "../_support.ts";

const clean = [Int32Array.of(0, 3, 2, 1, 1, 4), Int32Array.of(1, 2, 2, 4, 0, 1)];
const sequences = exactCountNoise(clean, { maskId: TINY.vocabularySize, rng: new Rng(1) });

/** The slopes of the library's loss. */
const slopesOf = (model: Transformer, options?: Parameters<typeof gradientCheck>[2]) =>
  gradientCheck(() => noisyLoss(model, sequences), model.parameters, options);

Deno.test("gradientCheck() finds the same slopes in both ways, in each matrix, and frees all", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  await assertNoLeak(async () => {
    const slopes = await slopesOf(model, { each: 3 });
    assert.deepEqual([...new Set(slopes.map(({ name }) => name))], Object.keys(model.parameters));
    assert.equal(slopes.length, 3 * Object.keys(model.parameters).length);
    assert(
      slopes.some(({ gradient }) => Math.abs(gradient) > 0.05),
      "there is something to compare",
    );
    for (const { name, index, gradient, difference } of slopes) {
      // Losses near 2 are rounded to 1e-7, which the step of 0.01 makes 1e-5; the curvature adds its own.
      assert(
        Math.abs(gradient - difference) < 1e-3,
        `${name} ${index}: ${gradient}, ${difference}`,
      );
    }
  });
});

Deno.test("gradientCheck() reports the entries of the gradient that training uses", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const slopes = await slopesOf(model, { each: 2, seed: 3 });
  const { loss, gradients } = lossAndGradients(model, sequences);
  for (const { name, index, gradient } of slopes) {
    assert.equal((await gradients[name]!.data())[index], gradient);
  }
  tf.dispose([loss, gradients]);
});

Deno.test("gradientCheck() leaves the parameters as they were, even if the loss fails", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const before = await readAll(model.parameters);
  await slopesOf(model, { each: 1 });
  assert.deepEqual(await readAll(model.parameters), before);
  let calls = 0;
  const failing = () => {
    if (++calls === 3) throw new Error("enough");
    return noisyLoss(model, sequences);
  };
  await assert.rejects(gradientCheck(failing, model.parameters), /enough/);
  assert.deepEqual(await readAll(model.parameters), before);
});

Deno.test("gradientCheck() takes the slope of what a loss does not depend on for zero", async () => {
  const [used, idle] = [tf.variable(tf.tensor1d([3])), tf.variable(tf.tensor1d([1]))];
  const slopes = await gradientCheck(() => tf.sum(tf.square(used)), { used, idle });
  tf.dispose([used, idle]);
  const rounded = slopes.map(({ name, gradient, difference }) => [
    name,
    gradient,
    Number(difference.toFixed(3)),
  ]);
  assert.deepEqual(rounded, [["used", 6, 6], ["idle", 0, 0]]);
});

Deno.test("gradientCheck() throws if the step moves nothing", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  for (const step of [0, -0.01, NaN, Infinity]) {
    await assert.rejects(slopesOf(model, { step }), {
      name: "RangeError",
      message: new RegExp(`^A step of ${step} moves no parameter up and down: give a positive`),
    });
  }
});

Deno.test("gradientCheck() leaves the parameters as they were when it is stopped", async () => {
  using interrupt = fakeInterrupt();
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const before = await readAll(model.parameters);
  const checking = slopesOf(model);
  interrupt.press();
  await assert.rejects(checking, { name: "Interrupted", message: /^Stopped after \d+ slopes\.$/ });
  assert.deepEqual(await readAll(model.parameters), before);
});
