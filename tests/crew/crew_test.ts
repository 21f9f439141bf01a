import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { useBackend } from "dlm/backend/backend.ts";
import { readAll } from "dlm/backend/variables.ts";
import { createCrew, predictInWorkers, usefulWorkers } from "dlm/crew/crew.ts";
import { createLearner, type Learner, type StepResult } from "dlm/crew/learner.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import { evaluate } from "dlm/evaluation.ts";
import { measureCalibration } from "dlm/measures/calibration.ts";
import { likelihood } from "dlm/measures/likelihood.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { exactCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { assertClose, fakeInterrupt } from "../_support.ts";

// Workers read the library's files, so these run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

const config = { vocabularySize: 7, layers: 2, width: 16, heads: 2, context: 12, causal: false };
const options = {
  config,
  start: { parameters: initialParameters(config, new Rng(1)) },
  microBatch: 2,
};
const rates = { learningRate: 1e-2, matrixLearningRate: 0.1 };

/** A model that has opinions: an untrained head would be zero. */
function opinionated(): Transformer {
  const parameters = initialParameters(config, new Rng(1));
  const rng = new Rng(2);
  parameters.head = parameters.head!.map(() => rng.normal());
  return new Transformer(config, parameters);
}

/** Random text that can be learnt a little. */
function drawText(length: number, rng: Rng): Int32Array {
  return Int32Array.from({ length }, (_, i) => (i + rng.integer(2)) % 7);
}

function drawBatch(count: number, rng: Rng) {
  const windows = Array.from({ length: count }, () => drawText(12, rng));
  return exactCountNoise(windows, { maskId: 7, rng });
}

/** What some steps on random sequences find; the same for every learner. */
async function takeSteps(learner: Learner): Promise<StepResult[]> {
  const rng = new Rng(2);
  const found: StepResult[] = [];
  for (let step = 1; step <= 12; step++) {
    found.push(await learner.step(drawBatch(8, rng), { ...rates, step }));
  }
  return found;
}

const lossesOf = (steps: StepResult[]) => steps.map(({ loss }) => loss);

Deno.test("a crew learns on one curve whatever the number of Workers", { ignore }, async () => {
  await using alone = createLearner(options);
  const expected = await takeSteps(alone);
  assert(expected.at(-1)!.loss < expected[0]!.loss - 0.1, "the model learns");
  assert(expected.some(({ gradientNorm }) => gradientNorm > 1), "some gradients are clipped");
  for (const workers of [1, 2, 3, 8]) {
    using crew = createCrew({ workers });
    const found = await takeSteps(await crew.learner(options));
    for (const [i, { loss, gradientNorm }] of found.entries()) {
      assert(Math.abs(loss - expected[i]!.loss) < 1e-4, `${loss}`);
      assertClose([gradientNorm], [expected[i]!.gradientNorm], 1e-3);
    }
  }
});

Deno.test("a crew's state is that of a learner in this thread", { ignore }, async () => {
  await using alone = createLearner(options);
  using crew = createCrew({ workers: 2 });
  const team = await crew.learner(options);
  await takeSteps(alone);
  await takeSteps(team);
  const [expected, found] = [await alone.state("average"), await team.state("average")];
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, i) => assert(Math.abs(value - found[name]![i]!) < 1e-4, name));
  }
});

Deno.test("a crew answers what the model says, to the last bit", { ignore }, async () => {
  using model = opinionated();
  const batch = drawBatch(70, new Rng(3)); // three parts in this thread
  const alone = predictorOf(model);
  const logits = await alone.logits(batch);
  assert(new Set(logits).size > 2000, "the logits tell the places apart");
  for (const workers of [1, 2, 4]) {
    using predictor = predictInWorkers(model, { workers });
    assert.deepEqual(await predictor.logits(batch), logits);
    assert.deepEqual(await predictor.surprisals(batch), await alone.surprisals(batch));
    const few = drawBatch(3, new Rng(4)); // of four Workers one gets none
    assert.deepEqual(await predictor.logits(few), await alone.logits(few));
  }
});

Deno.test("measurements and samples are the same in a crew", { ignore }, async () => {
  using model = opinionated();
  using predictor = predictInWorkers(model, { workers: 2 });
  const text = drawText(1000, new Rng(5)); // its last window is shorter
  assert.deepEqual(await evaluate(predictor, text), await evaluate(model, text));
  assert.deepEqual(
    await measureCalibration(predictor, text),
    await measureCalibration(model, text),
  );
  const line = text.subarray(0, 10);
  assert.deepEqual(await likelihood(predictor, line), await likelihood(model, line));
  const templates = Array.from({ length: 5 }, () => new Int32Array(12).fill(7));
  const write = async (who: Transformer | typeof predictor) =>
    (await lastFrame(sample(who, templates, { steps: 6, rng: new Rng(3) }))).sequences;
  assert.deepEqual(await write(predictor), await write(model));
});

Deno.test(
  "a crew answers whoever asks, also before it has answered another",
  { ignore },
  async () => {
    using model = opinionated();
    using predictor = predictInWorkers(model, { workers: 2 });
    const batches = [5, 40, 1].map((count) => drawBatch(count, new Rng(count)));
    const found = await Promise.all(batches.map((batch) => predictor.logits(batch)));
    for (const [i, batch] of batches.entries()) {
      assert.deepEqual(found[i], await predictorOf(model).logits(batch));
    }
  },
);

Deno.test("a crew that learns also answers, between two steps", { ignore }, async () => {
  using crew = createCrew({ workers: 2 });
  const learner = await crew.learner(options);
  const batch = drawBatch(8, new Rng(6));
  await learner.step(batch, { ...rates, step: 1 });
  const parameters = await learner.state("average");
  using predictor = await crew.predictor({ config, parameters });
  using model = new Transformer(config, parameters);
  const [nats] = await Promise.all([
    predictor.surprisals(batch),
    learner.step(batch, { ...rates, step: 2 }),
  ]);
  assert.deepEqual(nats, await predictorOf(model).surprisals(batch));
});

Deno.test("a crew's predictor that was replaced takes nothing with it", { ignore }, async () => {
  using model = opinionated();
  const parameters = await readAll(model.parameters);
  using crew = createCrew({ workers: 2 });
  const first = await crew.predictor({ config, parameters: options.start.parameters });
  const half = first.surprisals(drawBatch(200, new Rng(7))); // which is being dealt out
  const refused = assert.rejects(half, { message: /forgotten this model/ });
  using second = await crew.predictor({ config, parameters });
  await refused;
  const batch = drawBatch(4, new Rng(6));
  for (const ask of [() => first.logits(batch), () => first.surprisals(batch)]) {
    await assert.rejects(ask(), { message: /forgotten this model/ });
  }
  first[Symbol.dispose]();
  assert.deepEqual(await second.logits(batch), await predictorOf(model).logits(batch));
});

Deno.test("a crew's learner that was replaced does not train the other", { ignore }, async () => {
  using crew = createCrew({ workers: 2 });
  const first = await crew.learner(options);
  const second = await crew.learner(options);
  const batch = drawBatch(8, new Rng(7));
  const message = /train another model/;
  await assert.rejects(first.step(batch, { ...rates, step: 1 }), { message });
  await assert.rejects(first.state("parameters"), { message });
  await using alone = createLearner(options);
  assertClose(await takeSteps(second).then(lossesOf), await takeSteps(alone).then(lossesOf), 1e-4);
});

Deno.test("a crew tells how far it has come", { ignore }, async () => {
  using model = opinionated();
  using predictor = predictInWorkers(model, { workers: 2 });
  const shares: number[] = [];
  await predictor.surprisals(drawBatch(100, new Rng(7)), (share) => shares.push(share));
  assert.equal(shares.length, 4);
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
  assert.equal(shares.at(-1), 1);
});

Deno.test("a crew that was disposed of starts nobody", { ignore }, async () => {
  using model = opinionated();
  let answer: Promise<unknown>;
  {
    using predictor = predictInWorkers(model, { workers: 2 });
    answer = predictor.logits(drawBatch(4, new Rng(6))); // whose Workers have not started yet
  }
  const message = /has been disposed of|A Worker died: it was ended/;
  await assert.rejects(answer, { message });
  const crew = createCrew({ workers: 2 });
  crew[Symbol.dispose]();
  await assert.rejects(crew.learner(options), { message });
});

Deno.test("a crew that cannot take a step is at its end, and says why", { ignore }, async () => {
  using crew = createCrew({ workers: 2 });
  const learner = await crew.learner(options);
  const batch = drawBatch(4, new Rng(8));
  const broken = { ...batch, tokens: batch.tokens.subarray(1) };
  await assert.rejects(learner.step(broken, { ...rates, step: 1 }), Error);
  await assert.rejects(learner.state("average"), /A Worker died: it was ended/);
});

Deno.test("a question that cannot be answered leaves the crew as it was", { ignore }, async () => {
  using model = opinionated();
  using predictor = predictInWorkers(model, { workers: 2 });
  const batch = drawBatch(4, new Rng(9));
  const broken = { ...batch, tokens: batch.tokens.subarray(1) };
  await assert.rejects(predictor.surprisals(broken), Error);
  assert.equal((await predictor.surprisals(batch)).length, batch.rows.length);
});

Deno.test("bad input is a RangeError, also out of a Worker", { ignore }, async () => {
  using crew = createCrew({ workers: 2 });
  await assert.rejects(crew.predictor({ config, parameters: {} }), {
    name: "RangeError",
    message: /The parameter embedding has 0 numbers/,
  });
});

Deno.test("a crew's learner throws if a batch is smaller than the crew", { ignore }, async () => {
  using crew = createCrew({ workers: 3 });
  const learner = await crew.learner(options);
  const two = drawBatch(2, new Rng(10));
  await assert.rejects(learner.step(two, { ...rates, step: 1 }), {
    name: "RangeError",
    message: /A batch of 2 cannot be shared by 3 Workers/,
  });
  await learner.step(drawBatch(3, new Rng(10)), { ...rates, step: 1 });
});

Deno.test("createCrew() throws if nobody is to work", () => {
  for (const workers of [0, -1, 1.5, NaN]) {
    assert.throws(() => createCrew({ workers }), {
      name: "RangeError",
      message: `A crew cannot have ${workers} Workers: give a whole number of at least 1.`,
    });
  }
});

Deno.test("a crew leaves no Worker behind when it does not start", { ignore }, async () => {
  const program = `
    import { createCrew } from "dlm/crew/crew.ts";
    using crew = createCrew({ workers: 2 });
    const model = { config: ${JSON.stringify(config)}, parameters: {} };
    await crew.predictor(model).catch(() => console.log("did not start"));
  `;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    signal: AbortSignal.timeout(60_000), // a Worker that is left keeps the process alive
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "did not start\n");
  assert(success);
});

Deno.test("with another backend than wasm there is no crew, and the model itself answers", async () => {
  await useBackend("cpu");
  try {
    assert.equal(usefulWorkers(), 0);
    assert.throws(() => createCrew({ workers: 2 }), { name: "RangeError", message: /this is cpu/ });
    using model = opinionated();
    using predictor = predictInWorkers(model);
    const batch = drawBatch(3, new Rng(4));
    const logits = await predictorOf(model).logits(batch);
    assert.deepEqual(await predictor.logits(batch), logits);
    const parameters = await readAll(model.parameters);
    using copy = new Transformer(config, parameters);
    parameters.head!.fill(9); // which the model has copied
    assert.deepEqual(await predictorOf(copy).logits(batch), logits);
  } finally {
    await useBackend("wasm");
  }
});

Deno.test(
  "predictInWorkers() gives no number when interrupted, and answers afterwards",
  { ignore },
  async () => {
    using interrupt = fakeInterrupt();
    using model = opinionated();
    using predictor = predictInWorkers(model, { workers: 2 });
    const text = drawText(12 * 200, new Rng(3));
    const stopped = evaluate(predictor, text, { onProgress: () => interrupt.press() });
    // By the time that it is heard, the other Worker may have answered too.
    const message = /^Stopped with (16|32) % measured\.$/;
    await assert.rejects(stopped, { name: "Interrupted", message });
    assert.deepEqual(await evaluate(predictor, text), await evaluate(model, text));
  },
);
