import assert from "node:assert/strict";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { createCorpus } from "dlm/corpus.ts";
import { createLearner, type Learner, type LearnerState } from "dlm/crew/learner.ts";
import { evaluate } from "dlm/evaluation.ts";
import { initialParameters, Transformer, type TransformerConfig } from "dlm/model.ts";
import type { NoisyBatch } from "dlm/batch.ts";
import type { OnProgress, Predictor } from "dlm/crew/predictor.ts";
import { nextCharacterNoise } from "dlm/objective.ts";
import { learningRateAt } from "dlm/optimizer/optimizer.ts";
import { Rng } from "dlm/rng.ts";
import { drawBatch, train, type TrainMetrics, type TrainOptions } from "dlm/trainer.ts";
import { type NoisySequence, unpack } from "./_batches.ts";
import { assertNoLeak, fakeInterrupt, randomParameters, TINY } from "./_support.ts";

const squares = Array.from({ length: 80 }, (_, i) => i * i).join(" ");
const corpus = createCorpus("squares", squares.slice(0, 300));
const config: TransformerConfig = { ...TINY, vocabularySize: corpus.tokenizer.vocabularySize };

function startLearner(start: Partial<LearnerState> = {}): Learner {
  const parameters = initialParameters(config, new Rng(1));
  return createLearner({ config, start: { parameters, ...start }, microBatch: 4 });
}

/** A learner that only notes its batches and says the losses it is told to say. */
function stubLearner(losses: number[] = []) {
  const batches: NoisySequence[][] = [];
  const learner: Pick<Learner, "step"> = {
    step(batch) {
      batches.push(unpack(batch));
      return Promise.resolve({ loss: losses[batches.length - 1] ?? 1, gradientNorm: 1 });
    },
  };
  return { learner, batches };
}

function untrained(config: TransformerConfig): Promise<Transformer> {
  return Promise.resolve(new Transformer(config, initialParameters(config, new Rng(1))));
}

/** The averaged model of a learner. */
async function averageOf(learner: Learner): Promise<Transformer> {
  return new Transformer(config, await learner.state("average"));
}

/** Options of a run of five steps. */
function options(change: Partial<TrainOptions> = {}): TrainOptions {
  return {
    corpus,
    config,
    learner: stubLearner().learner,
    average: () => untrained(config),
    steps: 5,
    batch: 4,
    learningRate: 0.01,
    matrixLearningRate: 0.05,
    warmupSteps: 2,
    evaluateEvery: 100,
    evaluationWindows: 3,
    seed: 1,
    ...change,
  };
}

function run(change: Partial<TrainOptions> = {}): Promise<TrainMetrics[]> {
  return Array.fromAsync(train(options(change)));
}

Deno.test("train() finds the same losses from the same seed, and others from another", async () => {
  const losses = async (seed: number) => {
    await using learner = startLearner();
    return (await run({ learner, seed })).map(({ loss }) => loss);
  };
  const first = await losses(1);
  assert.equal(first.length, 5);
  assert.deepEqual(await losses(1), first);
  assert.notDeepEqual(await losses(2), first);
});

Deno.test("drawBatch() draws what train() learns from, and any other noise", async () => {
  const { learner, batches } = stubLearner();
  await run({ learner });
  const draw = (step: number) => {
    const rng = new Rng(1).stream("training").stream(step);
    return drawBatch(corpus, { size: 4, length: config.context, rng });
  };
  assert.deepEqual([1, 2, 3, 4, 5].map((step) => unpack(draw(step))), batches);
  const sizes = { size: 3, length: 5, rng: new Rng(1) };
  const { lengths, rows } = drawBatch(corpus, { ...sizes, drawNoise: nextCharacterNoise });
  assert.deepEqual([[...lengths], rows.length], [[5, 5, 5], 15]);
});

Deno.test("train() goes on with a run as if it had never stopped", async () => {
  await using whole = startLearner();
  const expected = await run({ learner: whole, average: () => averageOf(whole) });
  await using first = startLearner();
  const losses: number[] = [];
  for await (const { loss, step } of train(options({ learner: first }))) {
    losses.push(loss);
    if (step === 2) break;
  }
  const start = {
    parameters: await first.state("parameters"),
    average: await first.state("average"),
    mean: await first.state("mean"),
    meanSquare: await first.state("meanSquare"),
  };
  await using second = startLearner(start);
  const average = () => averageOf(second);
  const rest = await run({ learner: second, average, done: { step: 2, seconds: 3 } });
  losses.push(...rest.map(({ loss }) => loss));
  assert.deepEqual(losses, expected.map(({ loss }) => loss));
  assert.deepEqual(await second.state("average"), await whole.state("average"));
  assert.deepEqual(rest.at(-1)!.validation, expected.at(-1)!.validation);
  assert(rest[0]!.seconds > 3);
});

Deno.test("train() shows step n what depends on the seed and on n alone", async () => {
  const [whole, late, other] = [stubLearner(), stubLearner(), stubLearner()];
  await run({ learner: whole.learner });
  await run({ learner: late.learner, done: { step: 3, seconds: 0 } });
  await run({ learner: other.learner, seed: 2 });
  assert.deepEqual(late.batches, whole.batches.slice(3));
  assert.notDeepEqual(other.batches[0], whole.batches[0]);
  assert.notDeepEqual(whole.batches[1], whole.batches[0]);
});

Deno.test("train() masks windows of the training split", async () => {
  const { learner, batches } = stubLearner();
  await run({ learner });
  const text = corpus.tokenizer.decode(corpus.train);
  for (const { clean } of batches.flat()) {
    assert.equal(clean.length, config.context);
    assert(text.includes(corpus.tokenizer.decode(clean)));
  }
  for (const [a, b, c, d] of batches) {
    for (const [one, other] of [[a!, b!], [c!, d!]] as const) {
      assert.deepEqual(one.clean, other.clean);
      const masks = [one, other].flatMap(({ noisy }) =>
        [...noisy].filter((id) => id === config.vocabularySize)
      );
      assert.equal(masks.length, config.context);
    }
    // Two windows are as far apart in their numbers of masks as they can be, out of 0 .. T.
    const [first, second] = [a!, c!].map(({ weights }) => weights.filter(Boolean).length);
    const half = (config.context + 1) / 2;
    assert(Math.abs(Math.abs(first! - second!) - half) <= 0.5);
  }
  assert(batches.every((batch) => batch.length === 4));
});

Deno.test("train() asks a causal model for the next character", async () => {
  const { learner, batches } = stubLearner();
  const causal = { ...config, causal: true };
  const metrics = await run({ learner, average: () => untrained(causal), config: causal });
  for (const { clean, noisy } of batches.flat()) {
    assert.deepEqual([...noisy], [config.vocabularySize, ...clean.subarray(0, -1)]);
  }
  assert.equal(metrics.at(-1)!.validation!.standardError, 0);
});

Deno.test("train() tells how far it has come", async () => {
  const metrics = await run();
  assert.deepEqual(metrics.map(({ step }) => step), [1, 2, 3, 4, 5]);
  assert.deepEqual(metrics.map(({ progress }) => progress), [0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(metrics.map(({ characters }) => characters), [24, 48, 72, 96, 120]);
  for (const [name, peak] of [["learningRate", 0.01], ["matrixLearningRate", 0.05]] as const) {
    assert.deepEqual(
      metrics.map((metric) => metric[name]),
      [1, 2, 3, 4, 5].map((step) => learningRateAt(step, (step - 1) / 5, { peak, warmupSteps: 2 })),
    );
  }
  const seconds = metrics.map(({ seconds }) => seconds);
  assert.deepEqual(seconds, seconds.toSorted((a, b) => a - b));
});

Deno.test("train() evaluates some windows on the way, and the whole split at the end", async () => {
  const metrics = await run({ evaluateEvery: 2 });
  assert.deepEqual(
    metrics.map(({ validation }) => validation?.characters),
    [undefined, 18, undefined, 18, corpus.validation.length],
  );
  // The stub never learns.
  const bits = Math.log2(config.vocabularySize);
  for (const { validation } of metrics) {
    if (validation) assert(Math.abs(validation.bitsPerCharacter - bits) < 1e-6);
  }
});

Deno.test("train() evaluates on the same windows and masks, whatever the step and the seed", async () => {
  const opinions = randomParameters(config, 1);
  const average = () => Promise.resolve(new Transformer(config, opinions));
  const found = [];
  for (const seed of [1, 2]) {
    const metrics = await run({ average, seed, evaluateEvery: 1 });
    found.push(...metrics.slice(0, -1).map(({ validation }) => validation)); // the last is longer
    using model = await average();
    assert.deepEqual(metrics.at(-1)!.validation, await evaluate(model, corpus.validation));
  }
  assert.equal(found.length, 8);
  for (const validation of found) assert.deepEqual(validation, found[0]);
});

/** A predictor that answers at once, without a model. */
function blind({ vocabularySize, context }: TransformerConfig): Promise<Predictor & Disposable> {
  const surprisals = ({ rows }: NoisyBatch, onProgress?: OnProgress) => {
    onProgress?.(1);
    return Promise.resolve(new Float32Array(rows.length).fill(Math.log(vocabularySize)));
  };
  const logits = () => Promise.reject(new Error("nobody asks for them"));
  return Promise.resolve({
    ...{ vocabularySize, context, causal: false, surprisals, logits },
    [Symbol.dispose]() {},
  });
}

Deno.test("train() ends with a part of a very long split, which grows with the run", async () => {
  const long = createCorpus("long", squares.slice(0, 150).repeat(20_000));
  const shares: number[] = [];
  const measured = async (change: Partial<TrainOptions>) => {
    const average = () => blind(config);
    const onEvaluation = (share: number) => void shares.push(share);
    const metrics = await run({ corpus: long, steps: 1, average, onEvaluation, ...change });
    return metrics.at(-1)!.validation!.characters;
  };
  const { context } = config;
  assert.equal(long.validation.length, 300_000);
  assert.equal(await measured({}), Math.ceil(2 ** 17 / context) * context);
  assert.equal(await measured({ batch: 150_000 }), 150_000 / 4 * context);
  assert.equal(await measured({ evaluationWindows: 40_000 }), 40_000 * context);
  assert.equal(await measured({ batch: 250_000 }), 300_000);
  assert.deepEqual(shares, [1, 1, 1, 1]);
  const endless = { ...long, validation: long.train.slice(0, 2 ** 21 + 1000) };
  const done = { step: 1e7, seconds: 0 };
  const found = await measured({ corpus: endless, done, steps: 1e7 + 1 });
  assert.equal(found, Math.ceil(2 ** 21 / context) * context); // however long the run was
});

Deno.test("train() ends when its seconds are spent", async () => {
  const metrics = await run({ steps: undefined, seconds: 1e-9 });
  assert.equal(metrics.length, 1);
  assert.equal(metrics[0]!.progress, 1);
  assert.equal(metrics[0]!.validation!.characters, corpus.validation.length);
});

Deno.test("train() throws in a sentence when the loss is no number", async () => {
  for (const loss of [NaN, Infinity]) {
    using interrupt = fakeInterrupt();
    const { learner, batches } = stubLearner([2, 1, loss]);
    await assert.rejects(run({ learner }), {
      name: "RangeError",
      message:
        `The loss became ${loss} at step 3, at learning rates of 0.0060 and 0.030: start again with lower ones.`,
    });
    assert.equal(batches.length, 3);
    assert.equal(interrupt.listeners.size, 0);
  }
});

Deno.test("train() throws after the step under way, without an evaluation, when interrupted", async () => {
  using interrupt = fakeInterrupt();
  const { learner } = stubLearner();
  const step = learner.step;
  learner.step = (batch, at) => {
    if (at.step === 3) interrupt.press();
    return step(batch, at);
  };
  const metrics: TrainMetrics[] = [];
  await assert.rejects(async () => {
    for await (const step of train(options({ learner, evaluateEvery: 3 }))) metrics.push(step);
  }, { name: "Interrupted", message: "Stopped after step 3 of 5." });
  assert.equal(metrics.length, 3);
  assert.equal(metrics[2]!.validation, undefined);
  assert.equal(interrupt.listeners.size, 0);
});

Deno.test("train() has taken its last step though its evaluation is interrupted", async () => {
  using interrupt = fakeInterrupt();
  const average = async () => {
    const model = await untrained(config);
    const answer = model.logits.bind(model);
    const logits: typeof answer = (...asked) => {
      interrupt.press();
      return answer(...asked);
    };
    return Object.assign(model, { logits });
  };
  const steps: number[] = [];
  await assert.rejects(async () => {
    const long = createCorpus("squares", squares.repeat(60)); // more than is measured at once
    const asked = options({ average, steps: 2, corpus: { ...corpus, validation: long.train } });
    for await (const { step, validation } of train(asked)) {
      assert.equal(validation, undefined);
      steps.push(step);
    }
  }, Interrupted);
  assert.deepEqual(steps, [1, 2]);
});

Deno.test("train() has taken a step though its evaluation fails, and says why it did", async () => {
  const average = () => Promise.reject(new RangeError("There is no room for it."));
  const steps: number[] = [];
  await assert.rejects(async () => {
    for await (const { step } of train(options({ average, evaluateEvery: 2 }))) steps.push(step);
  }, { name: "RangeError", message: "There is no room for it." });
  assert.deepEqual(steps, [1, 2]);
});

Deno.test("train() listens for an interrupt while it runs, and no longer", async () => {
  using interrupt = fakeInterrupt();
  const training = train(options());
  await training.next();
  assert.equal(interrupt.listeners.size, 1);
  await training.return(undefined);
  assert.equal(interrupt.listeners.size, 0);
});

Deno.test("train() leaves no tensors behind", async () => {
  await assertNoLeak(async () => {
    await using learner = startLearner();
    const average = () => averageOf(learner);
    await assertNoLeak(() => run({ learner, average, evaluateEvery: 2 }));
  });
});

Deno.test("train() runs on the shortest text that it accepts", async () => {
  const wide = { ...config, context: 29 };
  const metrics = await run({ config: wide, average: () => untrained(wide) });
  assert.equal(metrics.at(-1)!.validation!.characters, 30);
});

Deno.test("train() throws if an option makes no sense", async () => {
  const cases: [change: Partial<TrainOptions>, message: RegExp][] = [
    [{ steps: 0 }, /^steps is 0: it must be a whole number of at least 1/],
    [{ steps: -3 }, /^steps is -3/],
    [{ steps: 1.5 }, /^steps is 1.5/],
    [{ batch: 0 }, /^batch is 0/],
    [{ evaluateEvery: 0 }, /^evaluateEvery is 0/],
    [{ seconds: 0 }, /^seconds is 0: it must be above 0/],
    [{ learningRate: NaN }, /^learningRate is NaN/],
    [{ matrixLearningRate: 0 }, /^matrixLearningRate is 0: it must be above 0/],
    [{ steps: undefined }, /needs an end: give a number of steps or of seconds/],
    [{ warmupSteps: -1 }, /^warmupSteps is -1: it must be a whole number of at least 0/],
    [{ evaluationWindows: 1 }, /^evaluationWindows is 1: it must be a whole number of at least 2/],
    [{ config: { ...config, context: 271 } }, /train part of squares has 270 .+ 271 needs 271/],
    [{ config: { ...config, context: 30 } }, /validation part of squares has 30 .+ 30 needs 31/],
  ];
  for (const [change, message] of cases) {
    await assert.rejects(run(change), { name: "RangeError", message });
  }
});

Deno.test("train() gives a batch of any size weights that add up to 1", async () => {
  for (const batch of [1, 2, 3, 5]) {
    const { learner, batches } = stubLearner();
    await run({ learner, batch, steps: 20 });
    for (const sequences of batches) {
      assert.equal(sequences.length, batch);
      const asked = sequences.some(({ weights }) => weights.some((weight) => weight > 0));
      const total = sequences.flatMap(({ weights }) => [...weights]).reduce((a, b) => a + b, 0);
      // One sequence alone may have no mask, and then asks nothing.
      assert(asked ? Math.abs(total - 1) < 1e-5 : batch === 1, `${total} in a batch of ${batch}`);
    }
  }
});

Deno.test("train() hands over batches that bring nothing of the corpus along", async () => {
  const bytes: number[] = [];
  const { learner } = stubLearner();
  const step = learner.step;
  learner.step = (batch, at) => {
    for (const { buffer, byteLength } of Object.values(batch)) {
      assert.equal(buffer.byteLength, byteLength);
    }
    bytes.push(batch.tokens.byteLength);
    return step(batch, at);
  };
  await run({ learner });
  assert.deepEqual(bytes, new Array(5).fill(4 * 4 * config.context));
});

Deno.test("train() lets its rates fall with whichever budget is further spent", async () => {
  const budget = { seconds: 1000, done: { step: 100, seconds: 750 } };
  for (const steps of [undefined, 200]) { // half of the steps, three quarters of the seconds
    for await (const metrics of train(options({ ...budget, steps }))) {
      const { learningRate, matrixLearningRate, progress } = metrics;
      assert.deepEqual([learningRate, matrixLearningRate], [0.01 / 4, 0.05 / 4]);
      assert(progress >= 0.75 && progress < 0.76, `${progress}`);
      break;
    }
  }
});

Deno.test("train() counts the seconds of its steps alone", async () => {
  const { now } = performance;
  let clock = 0;
  performance.now = () => clock;
  try {
    const takes = (ms: number) => void (clock += ms);
    const learner = { step: () => (takes(1000), Promise.resolve({ loss: 1, gradientNorm: 1 })) };
    const average = () => (takes(60_000), untrained(config));
    const seconds: number[] = [];
    for await (const metrics of train(options({ learner, average, evaluateEvery: 1 }))) {
      seconds.push(metrics.seconds);
      takes(10_000); // whoever listens takes time, too
    }
    assert.deepEqual(seconds, [1, 2, 3, 4, 5]);
  } finally {
    performance.now = now;
  }
});
