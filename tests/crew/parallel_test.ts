import assert from "node:assert/strict";
import { createLearner, type Learner } from "dlm/crew/learner.ts";
import { initialParameters } from "dlm/model.ts";
import { exactCountNoise } from "dlm/objective.ts";
import { createParallelLearner } from "dlm/crew/parallel.ts";
import { Rng } from "dlm/rng.ts";

// Workers read the library's files, so these run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

const config = { vocabularySize: 7, layers: 2, width: 16, heads: 2, context: 12, causal: false };
const options = {
  config,
  start: { parameters: initialParameters(config, new Rng(1)) },
  microBatch: 2,
};

const rates = { learningRate: 1e-2, matrixLearningRate: 0.1 };

/** The losses of some steps on random sequences; the same for every learner. */
async function losses(learner: Learner): Promise<number[]> {
  const rng = new Rng(2);
  const found: number[] = [];
  for (let step = 1; step <= 12; step++) {
    const windows = Array.from(
      { length: 8 },
      () => Int32Array.from({ length: 12 }, (_, i) => (i + rng.integer(2)) % 7),
    );
    const batch = exactCountNoise(windows, { maskId: 7, rng });
    found.push((await learner.step(batch, { ...rates, step })).loss);
  }
  return found;
}

Deno.test(
  "createParallelLearner() gives one curve whatever the number of Workers",
  { ignore },
  async () => {
    await using alone = createLearner(options);
    const expected = await losses(alone);
    assert.ok(expected.at(-1)! < expected[0]! - 0.1, "the model learns");
    for (const workers of [1, 2, 4]) {
      await using team = await createParallelLearner({ ...options, workers });
      const found = await losses(team);
      found.forEach((loss, i) => assert.ok(Math.abs(loss - expected[i]!) < 1e-4, `${loss}`));
    }
  },
);

Deno.test(
  "createParallelLearner() reads the same state as a learner in this thread",
  { ignore },
  async () => {
    await using alone = createLearner(options);
    await using team = await createParallelLearner({ ...options, workers: 2 });
    await losses(alone);
    await losses(team);
    const [expected, found] = [await alone.read("average"), await team.read("average")];
    for (const [name, values] of Object.entries(expected)) {
      values.forEach((value, i) => assert.ok(Math.abs(value - found[name]![i]!) < 1e-4, name));
    }
  },
);

Deno.test(
  "createParallelLearner() ends with an error when a Worker fails",
  { ignore },
  async () => {
    await using team = await createParallelLearner({ ...options, workers: 2 });
    const clean = Int32Array.of(1, 2, 3, 4);
    const fine = { clean, noisy: Int32Array.of(1, 7, 3, 4), weights: Float32Array.of(0, 1, 0, 0) };
    const longer = { ...fine, noisy: Int32Array.of(1, 7, 3, 4, 5) };
    const batch = [fine, fine, longer, fine]; // the first Worker's two do not fit together
    await assert.rejects(team.step(batch, { ...rates, step: 1 }), /Worker .* died/);
    await assert.rejects(team.read("average"), /Worker .* died/);
  },
);

Deno.test(
  "createParallelLearner() throws if a batch is smaller than the team",
  { ignore },
  async () => {
    await using team = await createParallelLearner({ ...options, workers: 2 });
    await assert.rejects(team.step([], { ...rates, step: 1 }), RangeError);
  },
);
