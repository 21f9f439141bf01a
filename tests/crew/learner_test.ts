import assert from "node:assert/strict";
import { createLearner, type Learner, type LearnerState, STATE_PARTS } from "dlm/crew/learner.ts";
import { useBackend } from "dlm/backend/backend.ts";
import type { NoisyBatch } from "dlm/batch.ts";
import { maskExactly } from "dlm/masking.ts";
import { initialParameters, parameterCount } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { pack } from "../_batches.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { assertClose, assertNoLeak, randomParameters, TINY } from "../_support.ts";

/**
 * The same five noisy sequences every time, with 1 to 5 of 6 characters masked. One of
 * masks alone could not be learnt: it looks the same from each of its positions.
 */
function fixedBatch(): NoisyBatch {
  const rng = new Rng(1);
  const maskId = TINY.vocabularySize;
  return pack([1, 2, 3, 4, 5].map((count) => {
    const clean = Int32Array.from({ length: 6 }, () => rng.integer(maskId));
    const noisy = maskExactly(clean, { maskId, count, rng });
    const weights = Float32Array.from(noisy, (id) => id === maskId ? 1 / count / 5 : 0);
    return { clean, noisy, weights };
  }));
}

function startLearner(start: Partial<LearnerState> = {}, microBatch = 5): Learner {
  const parameters = randomParameters(TINY, 1);
  return createLearner({ config: TINY, start: { parameters, ...start }, microBatch });
}

/** Takes the steps `from .. to` on the same batch. */
async function takeSteps(learner: Learner, from: number, to: number, learningRate = 0.01) {
  const matrixLearningRate = 5 * learningRate;
  const losses: number[] = [];
  for (let step = from; step <= to; step++) {
    losses.push(
      (await learner.step(fixedBatch(), { step, learningRate, matrixLearningRate })).loss,
    );
  }
  return losses;
}

async function readState(learner: Learner): Promise<LearnerState> {
  const parts = STATE_PARTS.map(async (part) => [part, await learner.state(part)]);
  return Object.fromEntries(await Promise.all(parts));
}

Deno.test("a learner learns one batch by heart", async () => {
  const parameters = initialParameters(TINY, new Rng(1));
  await using learner = startLearner({ parameters });
  const losses = await takeSteps(learner, 1, 100, 0.02);
  assertClose([losses[0]!], [Math.log(5)], FLOAT32_TOLERANCE);
  assert(losses.at(-1)! < 0.1, `the loss is still ${losses.at(-1)}`);
});

Deno.test("micro-batches change nothing but the order of sums", async () => {
  await using whole = startLearner();
  const step = { step: 1, learningRate: 0.01, matrixLearningRate: 0.05 };
  const expected = await whole.step(fixedBatch(), step);
  const gradient = await whole.state("mean"); // a tenth of it, after one step
  for (const microBatch of [1, 2, 4]) {
    await using parts = startLearner({}, microBatch);
    const found = await parts.step(fixedBatch(), step);
    assertClose([found.loss], [expected.loss], FLOAT32_TOLERANCE);
    assertClose([found.gradientNorm], [expected.gradientNorm], FLOAT32_TOLERANCE);
    for (const [name, values] of Object.entries(await parts.state("mean"))) {
      assertClose(values, gradient[name]!, 1e-5); // fifty ops, each rounding by 6e-8
    }
  }
});

Deno.test("a learner that goes on from a state takes the steps it would have taken", async () => {
  await using whole = startLearner();
  const losses = await takeSteps(whole, 1, 6);
  await using first = startLearner();
  const before = await takeSteps(first, 1, 3);
  await using second = startLearner(await readState(first));
  const after = await takeSteps(second, 4, 6);
  assert.deepEqual([...before, ...after], losses);
  assert.deepEqual(await readState(second), await readState(whole));
});

Deno.test("a learner starts where it is told to, and hands out copies", async () => {
  const parameters = randomParameters(TINY, 1);
  await using learner = startLearner({ parameters });
  assert.deepEqual(await learner.state("parameters"), parameters);
  assert.deepEqual(await learner.state("average"), parameters);
  const copy = await learner.state("mean");
  copy.head!.fill(7);
  assert((await learner.state("mean")).head!.every((x) => x === 0));
});

Deno.test("a learner of a team has a share of the loss and of the state, and meets thrice", async () => {
  const parameters = randomParameters(TINY, 1);
  const slots = [1, 2].map(() => new Float32Array(parameterCount(TINY)));
  let meetings = 0;
  const meet = () => void meetings++;
  const team = { rank: 0, size: 2, slots, numbers: new Float32Array(2), meet };
  await using alone = startLearner();
  await using one = createLearner({ config: TINY, start: { parameters }, microBatch: 2 }, team);
  const step = { step: 1, learningRate: 0.01, matrixLearningRate: 0.05 };
  const [whole, share] = [
    await alone.step(fixedBatch(), step),
    await one.step(fixedBatch(), step), // the other brings nothing
  ];
  assertClose([share.loss], [whole.loss], 1e-5);
  assert.equal(meetings, 3);
  const names = Object.keys(await one.state("mean"));
  assert(names.length > 0 && names.length < Object.keys(parameters).length);
});

Deno.test("a learner leaves no tensors behind, neither after a step nor after its end", async () => {
  await assertNoLeak(async () => {
    await using learner = startLearner({}, 2);
    await assertNoLeak(() => takeSteps(learner, 1, 3));
    await assertNoLeak(() => readState(learner));
  });
});

Deno.test("createLearner() throws if the parameters do not fit the config", () => {
  const { head: _, ...parameters } = randomParameters(TINY, 1);
  assert.throws(() => startLearner({ parameters }), { name: "RangeError", message: /head/ });
});

Deno.test("createLearner() throws if a micro-batch would be empty", () => {
  const start = { parameters: randomParameters(TINY, 1) };
  for (const microBatch of [0, -1, 1.5]) {
    assert.throws(() => createLearner({ config: TINY, start, microBatch }), {
      name: "RangeError",
      message: /micro-batch/,
    });
  }
});

Deno.test("a learner that fails leaves nothing behind: neither half a step nor half a start", async () => {
  await using learner = startLearner({}, 2);
  const batch = fixedBatch();
  const broken = { ...batch, tokens: batch.tokens.subarray(1) }; // its last micro-batch is too short
  await assertNoLeak(() =>
    assert.rejects(learner.step(broken, { step: 1, learningRate: 1, matrixLearningRate: 1 }))
  );
  const mean = { ...randomParameters(TINY, 2), head: new Float32Array(1) };
  await assertNoLeak(() => assert.throws(() => startLearner({ mean })));
});

Deno.test("createLearner() copies what it starts from, on every backend", async () => {
  await useBackend("cpu");
  try {
    const parameters = randomParameters(TINY, 1);
    await using learner = startLearner({ parameters });
    const before = parameters.head!.slice();
    parameters.head!.fill(9);
    assert.deepEqual((await learner.state("parameters")).head, before);
  } finally {
    await useBackend("wasm");
  }
});
