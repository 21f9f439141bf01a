import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import {
  checkFootprint,
  type Footprint,
  predictionFootprint,
  trainingFootprint,
} from "dlm/crew/footprint.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import { evaluate } from "dlm/evaluation.ts";
import { Transformer, type TransformerConfig } from "dlm/model.ts";
import { rootCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lookupDenoiser, randomParameters, TINY } from "../_support.ts";

const withoutSystem =
  (await Deno.permissions.query({ name: "sys", kind: "systemMemoryInfo" })).state !== "granted";

const config: TransformerConfig = {
  vocabularySize: 65,
  layers: 4,
  width: 128,
  heads: 4,
  context: 64,
  causal: false,
};

/** A batch of texts without meaning. */
function noisyBatch(count: number) {
  const rng = new Rng(1);
  const { context, vocabularySize: maskId } = config;
  const texts = Array.from(
    { length: count / 2 },
    () => Int32Array.from({ length: context }, () => rng.integer(maskId)),
  );
  return rootCountNoise(texts, { maskId, rng });
}

/** The wasm backend's memory, which grows to what was needed most and never shrinks. */
function heap(): number {
  return (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length;
}

function assertWithinAHalf({ heap: estimated }: Footprint): void {
  const ratio = estimated / heap();
  assert(ratio > 1 / 1.5 && ratio < 1.5, `${ratio} times the ${heap()} bytes that it takes`);
}

Deno.test("predictionFootprint() and trainingFootprint() are right to within a half", async () => {
  const parameters = randomParameters(config, 1);
  using model = new Transformer(config, parameters);
  await predictorOf(model).surprisals(noisyBatch(64));
  assertWithinAHalf(predictionFootprint(config, 1));

  const [batch, microBatch] = [128, 64];
  await using learner = createLearner({ config, start: { parameters }, microBatch });
  await learner.step(noisyBatch(batch), { step: 1, learningRate: 1e-3, matrixLearningRate: 0.01 });
  assertWithinAHalf(trainingFootprint({ config, batch, microBatch, workers: 0 }));
});

Deno.test("checkFootprint() names what takes most, and how much there is", () => {
  const footprint = { heap: 0, parts: { "a smaller model": 1e6, "fewer Workers": 2e6 } };
  checkFootprint("This", footprint);
  assert.throws(() => checkFootprint("This", { ...footprint, heap: 2 ** 33 }), {
    name: "RangeError",
    message:
      "This would take about 8.6 GB of memory in one thread, where WebAssembly has 4.3 GB: " +
      "choose fewer Workers.",
  });
});

Deno.test("checkFootprint() knows what the machine has", { ignore: withoutSystem }, () => {
  const message =
    /^This would take about 2,000,000 GB of memory, and [\d.]+ GB are free: choose X\.$/;
  assert.throws(() => checkFootprint("This", { heap: 0, parts: { X: 2e15, Y: 1 } }), {
    name: "RangeError",
    message,
  });
});

Deno.test(
  "memory that was missing once may be there the next time",
  { ignore: withoutSystem },
  async () => {
    using model = new Transformer(TINY, randomParameters(TINY, 1));
    using predictor = predictInWorkers(model, { workers: 1 });
    const batch = { tokens: new Int32Array(6), lengths: Int32Array.of(6), rows: Int32Array.of(0) };
    const { systemMemoryInfo } = Deno;
    Deno.systemMemoryInfo = () => ({ ...systemMemoryInfo(), available: 1000 });
    try {
      await assert.rejects(predictor.logits(batch), { name: "RangeError", message: /are free/ });
    } finally {
      Deno.systemMemoryInfo = systemMemoryInfo;
    }
    assert.equal((await predictor.logits(batch)).length, TINY.vocabularySize);
  },
);

Deno.test("trainingFootprint() grows with all that a run has", () => {
  const size = { config, batch: 64, microBatch: 32, workers: 2 };
  const total = (change: object) =>
    Object.values(trainingFootprint({ ...size, ...change }).parts)
      .reduce((sum, bytes) => sum + bytes, 0);
  const larger = [
    { batch: 1e9 },
    { microBatch: 128, batch: 256 },
    { workers: 32 },
    ...["layers", "width", "context", "vocabularySize"].map((name) => ({
      config: { ...config, [name]: 100_000 },
    })),
  ];
  for (const change of larger) assert(total(change) > total({}), JSON.stringify(change));
});

Deno.test(
  "what will not fit is refused before any Worker starts, or any window is measured",
  { ignore: withoutSystem },
  async () => {
    using model = new Transformer(TINY, randomParameters(TINY, 1));
    using predictor = predictInWorkers(model, { workers: 1e7 });
    const batch = { tokens: new Int32Array(6), lengths: Int32Array.of(6), rows: Int32Array.of(0) };
    await assert.rejects(predictor.logits(batch), {
      name: "RangeError",
      message: /A model in 10000000 Workers would take .+: choose fewer Workers/,
    });
    const denoiser = lookupDenoiser([[0, 1], [1, 0]]);
    await assert.rejects(evaluate(denoiser, new Int32Array(100), { draws: 1e12 }), {
      name: "RangeError",
      message: /The evaluation would take .+: choose fewer draws or a shorter text/,
    });
  },
);
