import assert from "node:assert/strict";
import { readAll } from "dlm/backend/variables.ts";
import { loadCheckpoint, VERSION } from "dlm/training/checkpoint.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { createCorpus } from "dlm/corpus.ts";
import { evaluate } from "dlm/evaluation.ts";
import { Transformer } from "dlm/model.ts";
import { PRESETS, type RunSettings } from "dlm/training/presets.ts";
import { type FinishedModel, resumeRun, type Run, startRun, withBudget } from "dlm/training/run.ts";
import { assertNoLeak, fakeInterrupt, randomParameters, randomTraining } from "../_support.ts";

const withoutDisk = (await Deno.permissions.query({ name: "write" })).state !== "granted";

const text = "one two three four five six seven eight nine ten ".repeat(8);
const corpus = createCorpus("counting", text);

/** Four steps of a tiny model, in this thread. */
const settings: RunSettings = {
  ...PRESETS.smoke,
  width: 8,
  context: 8,
  batch: 4,
  microBatch: 4,
  steps: 4,
  evaluateEvery: 3,
  evaluationWindows: 2,
  seed: 1,
  workers: 0,
};

/** The losses of a run's next steps, to the end of its budget or to `until`. */
async function losses(run: Run, until = Infinity): Promise<number[]> {
  const found: number[] = [];
  for await (const { step, loss } of run.train()) {
    found.push(loss);
    if (step === until) break;
  }
  return found;
}

Deno.test("startRun() runs the same from the same seed, and otherwise from another", async () => {
  const run = async (seed: number) => {
    await using run = await startRun(corpus, { ...settings, seed });
    return await losses(run);
  };
  const first = await run(1);
  assert.equal(first.length, 4);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
});

Deno.test("startRun() trains a causal model where that is wanted, and a denoiser otherwise", async () => {
  await using denoiser = await startRun(corpus, settings);
  await using twin = await startRun(corpus, { ...settings, causal: true });
  assert.deepEqual(twin.config, { ...denoiser.config, causal: true });
  assert.notDeepEqual(await losses(twin), await losses(denoiser));
  using model = await twin.model();
  assert(model.causal);
});

Deno.test("a run that is left goes on where it was, and ends with its budget", async () => {
  await using whole = await startRun(corpus, settings);
  const expected = await losses(whole);
  await using broken = await startRun(corpus, settings);
  assert.deepEqual([...await losses(broken, 2), ...await losses(broken)], expected);
  assert.deepEqual(await losses(broken), []);
});

Deno.test("a run hands out its averaged model, and frees all it had", async () => {
  await assertNoLeak(async () => {
    await using run = await startRun(corpus, settings);
    await losses(run);
    using model = await run.model();
    assert.deepEqual(model.config, run.config);
    assert.equal(model.vocabularySize, corpus.tokenizer.vocabularySize);
    assert((await model.parameters.head!.data()).some((x) => x !== 0));
  });
});

/** A finished model of the corpus, two layers deep and eight characters long. */
function finished(): FinishedModel {
  const config = { vocabularySize: 15, layers: 2, width: 8, heads: 2, context: 8, causal: false };
  return {
    config,
    characters: corpus.tokenizer.characters,
    average: randomParameters(config, 1),
  };
}

Deno.test("startRun() starts from a model, in other windows, and with layers that change nothing", async () => {
  const { config, average } = finished();
  using model = new Transformer({ ...config, context: 12 }, average);
  const { bitsPerCharacter } = await evaluate(model, corpus.validation);
  const still = { steps: 1, learningRate: 1e-12, matrixLearningRate: 1e-12 };
  for (const layers of [2, 3]) {
    const changes = { ...still, context: 12, layers };
    await using run = await startRun(corpus, { ...settings, ...changes }, finished());
    await losses(run);
    assert.deepEqual([run.config.context, run.config.layers], [12, layers]);
    assert.ok(Math.abs(run.evaluation!.bitsPerCharacter - bitsPerCharacter) < 1e-4);
  }
});

Deno.test("startRun() throws if the model has other characters or another size", async () => {
  const other = createCorpus("other", text.replaceAll("x", "q"));
  const start = async (learned: typeof corpus, changes: Partial<RunSettings>) =>
    await startRun(learned, { ...settings, ...changes }, finished());
  await assert.rejects(start(other, {}), /other characters than other has/);
  await assert.rejects(start(corpus, { layers: 1 }), /has 2 layers/);
  await assert.rejects(start(corpus, { width: 16 }), /has width 8, not 16/);
  await assert.rejects(start(corpus, { causal: true }), /has causal false, not true/);
});

/** A run of the corpus after two steps. */
function interrupted(): Checkpoint {
  const { config, ...model } = finished();
  const done = { step: 2, seconds: 1 };
  const training = { ...randomTraining(config, 2), done, settings };
  return { version: VERSION, config, ...model, corpus, training };
}

Deno.test("resumeRun() takes another budget and number of Workers", async () => {
  const checkpoint = interrupted();
  checkpoint.training!.settings = { ...settings, workers: 2 };
  await using run = await resumeRun(corpus, checkpoint, { steps: 3, workers: 0 });
  assert.deepEqual([run.settings.workers, run.settings.steps, run.settings.batch], [0, 3, 4]);
  assert.deepEqual(await Array.fromAsync(run.train(), ({ step }) => step), [3]);
});

Deno.test("resumeRun() throws if the checkpoint is finished, or of another text or version", async () => {
  const checkpoint = interrupted();
  const { training: _, ...finished } = checkpoint;
  const cases: [corpus: typeof corpus, checkpoint: Checkpoint, message: RegExp][] = [
    [corpus, finished, /finished model.+cannot be trained on/],
    [createCorpus("other", `${text}!`), checkpoint, /learned from counting, not from other/],
    [createCorpus("counting", `${text}!`), checkpoint, /no longer the text/],
    [corpus, { ...checkpoint, version: "0" }, /trained with version 0 of this library/],
  ];
  for (const [corpus, checkpoint, message] of cases) {
    const resume = async () => await resumeRun(corpus, checkpoint);
    await assert.rejects(resume, { name: "RangeError", message });
  }
});

Deno.test("withBudget() replaces both kinds of budget by the one given", () => {
  assert.deepEqual(withBudget(settings, {}), settings);
  const { steps, seconds } = withBudget(settings, { seconds: 9 });
  assert.deepEqual([steps, seconds], [undefined, 9]);
  assert.equal(withBudget(settings, { steps: 7 }).steps, 7);
});

Deno.test({
  name: "a run that is saved and resumed takes the steps it would have taken",
  ignore: withoutDisk,
  async fn() {
    await assertResumed(settings);
    await assertResumed({ ...settings, muon: false });
  },
});

async function assertResumed(settings: RunSettings): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await using whole = await startRun(corpus, settings);
    const expected = await losses(whole);
    await using first = await startRun(corpus, settings);
    const before = await losses(first, 2);
    await first.save(path);
    await using second = await resumeRun(corpus, await loadCheckpoint(path));
    assert.deepEqual(second.done, first.done);
    assert(second.done.seconds > 0, "a budget in seconds goes on as well");
    assert.deepEqual([...before, ...await losses(second)], expected);
    assert.deepEqual(second.evaluation, whole.evaluation, "of the averaged model");
    using model = await second.model();
    using same = await whole.model();
    assert.deepEqual(await readAll(model.parameters), await readAll(same.parameters));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a run tells what its last evaluation found", async () => {
  await using run = await startRun(corpus, settings);
  const found = [run.evaluation];
  for await (const { validation } of run.train()) {
    if (validation) assert.equal(run.evaluation, validation);
    found.push(run.evaluation);
  }
  assert.deepEqual(found.map((evaluation) => evaluation !== undefined), [
    ...[false, false, false],
    ...[true, true],
  ]);
});

Deno.test("startRun() leaves Muon out where that is wanted", async () => {
  await using plain = await startRun(corpus, { ...settings, muon: false });
  await using usual = await startRun(corpus, settings);
  assert.notDeepEqual(await losses(plain), await losses(usual));
});

Deno.test("a run never has more Workers than sequences", { ignore: withoutDisk }, async () => {
  await using alone = await startRun(corpus, { ...settings, batch: 3 });
  await using many = await startRun(corpus, { ...settings, batch: 3, workers: 9 });
  const [expected, found] = [await losses(alone), await losses(many)];
  assert.equal(found.length, expected.length);
  found.forEach((loss, i) => assert(Math.abs(loss - expected[i]!) < 1e-4, `${loss}`));
});

Deno.test("a run evaluates the same in its Workers", { ignore: withoutDisk }, async () => {
  const validations = async (workers: number) => {
    await using run = await startRun(corpus, { ...settings, workers, evaluateEvery: 1 });
    return (await Array.fromAsync(run.train())).map(({ validation }) => validation!);
  };
  const [alone, together] = [await validations(0), await validations(2)];
  together.forEach(({ bitsPerCharacter, characters }, i) => {
    assert(Math.abs(bitsPerCharacter - alone[i]!.bitsPerCharacter) < 1e-4);
    assert.equal(characters, alone[i]!.characters);
  });
});

Deno.test("startRun() can be interrupted while it starts", async () => {
  using interrupt = fakeInterrupt();
  const starting = startRun(corpus, settings);
  interrupt.press();
  await assert.rejects(starting, {
    name: "Interrupted",
    message: "Stopped before the first step.",
  });
});

Deno.test("startRun() refuses at once what makes no sense", async () => {
  const cases: [changes: Partial<RunSettings>, message: RegExp][] = [
    [{ batch: -4 }, /^batch is -4: it must be a whole number of at least 1/],
    [{ batch: NaN }, /^batch is NaN/],
    [{ steps: 0 }, /^steps is 0/],
    [{ learningRate: -1 }, /^learningRate is -1: it must be above 0/],
    [{ context: 400 }, /use a longer text or a smaller context/],
  ];
  for (const [changes, message] of cases) {
    const start = () => startRun(corpus, { ...settings, workers: 2, ...changes });
    await assert.rejects(start, { name: "RangeError", message });
  }
});

Deno.test("startRun() refuses at once what will not fit, and says what to lower", async () => {
  const cases: [changes: Partial<RunSettings>, message: RegExp][] = [
    [{ width: 100_000, heads: 1 }, /one thread.+: choose fewer layers or a smaller width/],
    [{ context: 100_000 }, /choose a smaller micro-batch or a shorter context/],
    [{ layers: 1e9 }, /choose/],
    [{ batch: 4e9, microBatch: 4e9 }, /choose a smaller micro-batch or a shorter context/],
  ];
  for (const [changes, message] of cases) {
    const start = async () => {
      await using _ = await startRun(corpus, { ...settings, ...changes });
    };
    await assert.rejects(start, { name: "RangeError", message });
  }
});
