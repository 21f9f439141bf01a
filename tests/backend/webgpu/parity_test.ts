import assert from "node:assert/strict";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { createCorpus } from "dlm/corpus.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { join } from "dlm/batch.ts";
import { evaluate } from "dlm/evaluation.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { rootCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { resumeRun, startRun } from "dlm/training/run.ts";
import { adapter, assertNoLeak, inFolder, randomParameters } from "../../_support.ts";
import { testOnCard } from "./_card.ts";

const config = {
  vocabularySize: 11,
  layers: 2,
  width: 32,
  heads: 2,
  context: 16,
  causal: false,
};

const windows = Array.from({ length: 4 }, (_, n) => {
  const rng = new Rng(n);
  return Int32Array.from({ length: config.context }, (_, i) => (i * n + rng.integer(3)) % 11);
});

/** Losses, and norms of gradients, of ten steps in two micro-batches each; the first are clipped. */
async function trace(causal: boolean): Promise<number[][]> {
  const parameters = initialParameters({ ...config, causal }, new Rng(1));
  await using learner = createLearner({
    config: { ...config, causal },
    start: { parameters },
    microBatch: 4,
  });
  const found: number[][] = [];
  for (let step = 1; step <= 10; step++) {
    const noise = { maskId: config.vocabularySize, rng: new Rng(step) };
    const rates = { step, learningRate: 0.02, matrixLearningRate: 0.02 };
    const { loss, gradientNorm } = await learner.step(rootCountNoise(windows, noise), rates);
    found.push([loss, gradientNorm]);
  }
  return found;
}

for (const causal of [false, true]) {
  const kind = causal ? "causal model" : "model";
  testOnCard(`ten steps of a ${kind} have the losses they have on wasm, to 1e-4`, async () => {
    let actual: number[][] = [];
    await assertNoLeak(async () => void (actual = await trace(causal)));
    await useBackend("wasm");
    const expected = await trace(causal);
    assert(expected[0]![0]! - expected[9]![0]! > 0.1, "nothing is learned");
    for (const [step, [loss, norm]] of expected.entries()) {
      assert(Math.abs(actual[step]![0]! - loss!) < 1e-4, `step ${step + 1}: ${actual[step]}`);
      assert(Math.abs(actual[step]![1]! / norm! - 1) < 1e-3, `step ${step + 1}: ${actual[step]}`);
    }
  });
}

testOnCard("what is no number in a parameter is none in the loss", async () => {
  for (const name of ["embedding", "blocks.0.mlp.up", "head"]) {
    const parameters = randomParameters(config, 1);
    parameters[name]!.fill(NaN);
    await using learner = createLearner({ config, start: { parameters }, microBatch: 4 });
    const batch = rootCountNoise(windows, { maskId: 11, rng: new Rng(1) });
    const { loss } = await learner.step(batch, {
      step: 1,
      learningRate: 0.1,
      matrixLearningRate: 0.1,
    });
    assert(isNaN(loss), `with NaN in ${name} the loss is ${loss}`);
  }
});

testOnCard("a model writes what it writes on wasm, and has the same bound", async () => {
  const parameters = randomParameters(config, 1);
  const work = async () => {
    using model = new Transformer(config, parameters);
    const templates = [0, 1].map(() => new Int32Array(config.context).fill(11));
    const { sequences } = await lastFrame(sample(model, templates, { rng: new Rng(3) }));
    const { bitsPerCharacter } = await evaluate(model, join(Int32Array, windows));
    return { sequences, bitsPerCharacter };
  };
  const actual = await work();
  assert.equal(tf.getBackend(), "webgpu");
  await useBackend("wasm");
  const expected = await work();
  assert.deepEqual(actual.sequences, expected.sequences);
  assert(Math.abs(actual.bitsPerCharacter - expected.bitsPerCharacter) < 1e-5);
});

Deno.test("a run whose graphics card is lost goes on from its checkpoint on wasm (webgpu)", {
  ignore: adapter.kind === "none" ||
    Deno.permissions.querySync({ name: "write" }).state !== "granted",
}, () =>
  inFolder(async (folder) => {
    const corpus = createCorpus("counting", "one two three four five six ".repeat(20));
    const settings = { ...PRESETS.smoke, width: 8, context: 8, batch: 4, steps: 4, seed: 1 };
    const path = `${folder}/checkpoint.safetensors`;
    await useBackend("webgpu");
    try {
      await using run = await startRun(corpus, settings);
      const steps = run.train();
      await steps.next();
      await run.save(path);
      const { device } = tf.backend() as WebGPUBackend;
      device.destroy();
      await assert.rejects(steps.next(), { name: "GpuError", message: /--resume/ });
      await assert.rejects(run.save(path), { name: "GpuError" });
    } finally {
      await useBackend("wasm");
    }
    const checkpoint = await loadCheckpoint(path);
    assert.equal(checkpoint.kernels, "shaders");
    await using resumed = await resumeRun(corpus, checkpoint, { workers: 0 });
    const rest = await Array.fromAsync(resumed.train());
    await using whole = await startRun(corpus, { ...settings, workers: 0 });
    const all = await Array.fromAsync(whole.train());
    assert.deepEqual(rest.map(({ step }) => step), [2, 3, 4]);
    assert(Math.abs(rest.at(-1)!.loss - all.at(-1)!.loss) < 1e-4);
  }));
