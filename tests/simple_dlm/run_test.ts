import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { createCorpus } from "dlm/corpus.ts";
import { usesMuon } from "dlm/optimizer/optimizer.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { startRun } from "dlm/training/run.ts";
import { type Choice, CHOICES, type Choices, SIMPLE_DLM, UNDONE } from "dlm/simple_dlm/choices.ts";
import { simpleDlmShapes } from "dlm/simple_dlm/simple_dlm.ts";
import { type SimpleDlmSettings, startSimpleDlm, withDoubledNewlines } from "dlm/simple_dlm/run.ts";
import type { TrainMetrics } from "dlm/trainer.ts";
import { assertClose, assertNoLeak } from "../_support.ts";

const text = "one two three\nfour five six\nseven eight nine\nten\n".repeat(8);
const corpus = createCorpus("counting", text);

/** Four steps of a tiny model. */
const settings: SimpleDlmSettings = {
  ...PRESETS.smoke,
  width: 8,
  context: 8,
  batch: 4,
  steps: 4,
  evaluateEvery: 4,
  evaluationWindows: 2,
  seed: 1,
  choices: UNDONE,
};

async function history(changes: Partial<SimpleDlmSettings> = {}): Promise<TrainMetrics[]> {
  using run = startSimpleDlm(corpus, { ...settings, ...changes });
  return await Array.fromAsync(run.train());
}

async function losses(choices: Choices): Promise<number[]> {
  return (await history({ choices })).map(({ loss }) => loss);
}

Deno.test("with all choices undone a run takes the steps of startRun()", async () => {
  const numbers = (metrics: TrainMetrics[]) => [
    ...metrics.map(({ loss }) => loss),
    metrics.at(-1)!.validation!.bitsPerCharacter,
  ];
  for (const muon of [true, false]) {
    await using run = await startRun(corpus, { ...settings, muon, microBatch: 4, workers: 0 });
    const expected = await Array.fromAsync(run.train());
    assertClose(numbers(await history({ muon })), numbers(expected), 1e-5);
  }
});

for (const [name, [does]] of Object.entries(CHOICES)) {
  Deno.test(`${name} changes a run (${does}), made alone or undone alone`, async () => {
    const made = await losses({ ...UNDONE, [name as Choice]: true });
    assert(made.every(isFinite));
    assert.notDeepEqual(made, await losses(UNDONE));
    const undone = await losses({ ...SIMPLE_DLM, [name as Choice]: false });
    assert(undone.every(isFinite));
    assert.notDeepEqual(undone, await losses(SIMPLE_DLM));
  });
}

Deno.test("startSimpleDlm() runs the same from the same seed, and otherwise from another", async () => {
  const run = async (seed: number) => {
    const found = await history({ seed, choices: SIMPLE_DLM });
    return found.map(({ loss, validation }) => [loss, validation?.bitsPerCharacter]);
  };
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
});

Deno.test("Adam alone moves a number by the learning rate in its first step", async () => {
  for (const [smallRate, rate] of [[true, 1e-4], [false, 4e-3]] as const) {
    const choices = { ...SIMPLE_DLM, smallRate };
    using run = startSimpleDlm(corpus, { ...settings, choices });
    using before = await run.model();
    for await (const _ of run.train()) break;
    using after = await run.model();
    const [old, moved] = await Promise.all(
      [before, after].map(({ parameters }) => parameters["blocks.0.mlp.down"]!.data()),
    );
    const largest = Math.max(...moved!.map((x, i) => Math.abs(x - old![i]!)));
    assertClose([largest], [rate], 1e-3);
  }
});

Deno.test("Muon gets none of the biases and gains", () => {
  const shapes = simpleDlmShapes({ ...settings, vocabularySize: 5, choices: SIMPLE_DLM });
  const muons = Object.entries(shapes).filter(([name]) => usesMuon(name));
  assert(muons.length > 0 && muons.every(([, [rows]]) => rows >= settings.width));
});

Deno.test("withDoubledNewlines() doubles those that are trained on and no others", () => {
  const { train, validation, tokenizer } = withDoubledNewlines(corpus);
  const before = tokenizer.decode(corpus.train);
  assert.equal(tokenizer.decode(train), before.replaceAll("\n", "\n\n"));
  assert.equal(validation, corpus.validation);
});

Deno.test("a run leaves no tensors behind, whoever optimises", async () => {
  await assertNoLeak(() => history());
  await assertNoLeak(() => history({ choices: SIMPLE_DLM }));
});

Deno.test("a run that fails leaves no tensors behind", async () => {
  const { adam } = tf.train;
  const fail = () => {
    throw new Error("No room.");
  };
  try {
    for (const failing of [fail, () => ({ applyGradients: fail, dispose: () => {} })]) {
      tf.train.adam = failing as unknown as typeof adam;
      const choices = { ...SIMPLE_DLM, bareAdam: true };
      await assertNoLeak(() => assert.rejects(() => history({ choices }), { message: "No room." }));
    }
  } finally {
    tf.train.adam = adam;
  }
});

Deno.test("startSimpleDlm() tells of settings that make no sense", async () => {
  const refuses = (changes: Partial<SimpleDlmSettings>, message: RegExp) =>
    assert.rejects(() => history(changes), { name: "RangeError", message });
  await refuses({ steps: 0 }, /^steps is 0: /);
  await refuses({ steps: undefined }, /^A training run needs an end: /);
  await refuses({ width: 7 }, /^2 heads do not divide a width of 7 /);
  await refuses({ context: 5000 }, /^The train part of counting has \d+ characters, but /);
});
