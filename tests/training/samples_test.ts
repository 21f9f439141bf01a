import assert from "node:assert/strict";
import { createCorpus } from "dlm/corpus.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { startRun } from "dlm/training/run.ts";
import { withSamples } from "dlm/training/samples.ts";
import { Transformer } from "dlm/model.ts";
import { assertNoLeak, fakeInterrupt, randomParameters } from "../_support.ts";

const corpus = createCorpus("counting", "one two three four five six ".repeat(12));
const settings = {
  ...PRESETS.smoke,
  width: 8,
  context: 8,
  batch: 4,
  steps: 5,
  evaluateEvery: 2,
  evaluationWindows: 2,
  seed: 1,
  workers: 0,
};

Deno.test("withSamples() adds a whole text to every evaluation and changes nothing else", async () => {
  await using plain = await startRun(corpus, settings);
  const losses = (await Array.fromAsync(plain.train())).map(({ loss }) => loss);
  await using run = await startRun(corpus, settings);
  const history = await Array.fromAsync(withSamples(run, corpus.tokenizer));
  assert.deepEqual(history.map(({ loss }) => loss), losses);
  for (const { step, sample } of history) {
    if (step === 2 || step === 4 || step === 5) assert.match(sample!, /^[a-z ]{8}$/);
    else assert.equal(sample, undefined);
  }
});

Deno.test("withSamples() leaves no tensor behind", async () => {
  await assertNoLeak(async () => {
    await using run = await startRun(corpus, settings);
    await Array.fromAsync(withSamples(run, corpus.tokenizer));
  });
});

Deno.test("withSamples() writes no text with a causal model, which could not", async () => {
  await using run = await startRun(corpus, { ...settings, causal: true });
  const history = await Array.fromAsync(withSamples(run, corpus.tokenizer));
  assert.deepEqual(
    history.map(({ step, sample }) => [step, sample]),
    [1, 2, 3, 4, 5].map((step) => [step, undefined]),
  );
});

Deno.test("withSamples() tells of a step whose text is stopped, and the run says how far it came", async () => {
  using interrupt = fakeInterrupt();
  await using run = await startRun(corpus, settings);
  const model = async () => {
    const model = await run.model();
    const answer = model.logits.bind(model);
    const logits: typeof answer = (...asked) => {
      interrupt.press();
      return answer(...asked);
    };
    return Object.assign(model, { logits });
  };
  const train = () => run.train();
  const steps: [number, boolean, unknown][] = [];
  await assert.rejects(async () => {
    for await (const metrics of withSamples({ train, model }, corpus.tokenizer)) {
      steps.push([metrics.step, metrics.validation !== undefined, metrics.sample]);
    }
  }, { name: "Interrupted", message: "Stopped after step 2 of 5." });
  assert.deepEqual(steps, [[1, false, undefined], [2, true, undefined]]);
});

Deno.test("withSamples() draws every text with the same random numbers", async () => {
  await using real = await startRun(corpus, { ...settings, evaluateEvery: 1 });
  const metrics = await Array.fromAsync(real.train());
  const { config } = real;
  const model = () => Promise.resolve(new Transformer(config, randomParameters(config, 1)));
  const run = { // with a model that never changes
    async *train() {
      yield* metrics;
    },
    model,
  };
  const texts = await Array.fromAsync(withSamples(run, corpus.tokenizer), ({ sample }) => sample);
  assert.deepEqual(texts, new Array(5).fill(texts[0]));
});
