import assert from "node:assert/strict";
import { mean, sampleVariance } from "simple-statistics";
import { likelihood, type LikelihoodOptions } from "dlm/measures/likelihood.ts";
import { type Denoiser, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { conditional, language, maskId, possibleTexts, probabilityOf, T } from "../_languages.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import * as reference from "../_reference.ts";
import {
  assertClose,
  assertNoLeak,
  lookupDenoiser,
  randomParameters,
  recordingDenoiser,
  TINY,
} from "../_support.ts";

/** By the normal law chance alone is further off than this many standard errors once in 16,000 tests. */
const SIGMAS = 4;

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

const causalConfig = { ...TINY, causal: true };
const causalParameters = randomParameters(causalConfig, 1);

Deno.test("likelihood() of an exact denoiser is -log p of each text, to within its standard error", async () => {
  const seeds = [0, 1, 2, 3];
  const runs = possibleTexts.length * seeds.length;
  let [deviation, variance, squares] = [0, 0, 0];
  for (const text of possibleTexts) {
    for (const seed of seeds) {
      const options = { seed, rounds: 32 };
      const { nats, bits, standardError } = await likelihood(language, text, options);
      assertClose([bits], [nats / Math.LN2], 1e-12);
      const difference = nats - language.surprisal(text);
      deviation += difference;
      variance += standardError ** 2;
      squares += (difference / standardError) ** 2;
    }
  }
  assert(Math.abs(deviation) < SIGMAS * Math.sqrt(variance), "no bias");
  // Squares of mean 1 and of variance 2, but for the errors' own uncertainty.
  assert(Math.abs(squares / runs - 1) < SIGMAS * Math.sqrt(2 / runs), `${squares / runs}`);
});

Deno.test("likelihood() of a part is -log p(part | rest)", async () => {
  let [deviation, variance] = [0, 0];
  for (const text of possibleTexts) {
    for (const part of [[0], [1, 2], [0, 2]]) {
      const given = text.map((id, i) => part.includes(i) ? maskId : id);
      const truth = -Math.log(probabilityOf(text) / probabilityOf(given));
      const found = await likelihood(language, text, { given });
      // A single character is asked for in one way only.
      if (part.length === 1) assertClose([found.nats], [truth], FLOAT32_TOLERANCE);
      assert.equal(part.length === 1, found.standardError === 0);
      assert(found.surprisals.every((nats, i) => part.includes(i) ? nats > 0 : nats === 0));
      deviation += found.nats - truth;
      variance += found.standardError ** 2;
    }
  }
  assert(Math.abs(deviation) < SIGMAS * Math.sqrt(variance), "no bias");
});

Deno.test("likelihood() shares the nats out by character: each its mean surprisal over the orders", async () => {
  const text = possibleTexts[5]!;
  const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
  const expected = new Float64Array(T);
  for (const order of orders) {
    order.forEach((place, i) => {
      const noisy = text.map((id, j) => order.indexOf(j) < i ? id : maskId);
      expected[place]! -= Math.log(conditional(noisy, place, text[place]!)) / orders.length;
    });
  }
  assertClose([sum(expected)], [language.surprisal(text)], 1e-12);
  const runs = await Promise.all(
    Array.from({ length: 40 }, (_, seed) => likelihood(language, text, { seed })),
  );
  for (const { nats, surprisals } of runs) assertClose([sum(surprisals)], [nats], 1e-12);
  for (let place = 0; place < T; place++) {
    const values = runs.map(({ surprisals }) => surprisals[place]!);
    const mean = sum(values) / values.length;
    const spread = Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / (values.length - 1));
    assert(Math.abs(mean - expected[place]!) < SIGMAS * spread / Math.sqrt(values.length));
  }
});

Deno.test("likelihood() without any dependence is the sum of the surprisals", async () => {
  const denoiser = lookupDenoiser([[0, 1, 2], [2, 0, 0], [0, 0, 0], [1, 0, 1]]);
  const { nats, standardError } = await likelihood(denoiser, Int32Array.of(1, 0, 2, 1), {
    rounds: 200,
  });
  const truth = sum([
    reference.softmax([0, 1, 2])[1]!,
    reference.softmax([2, 0, 0])[0]!,
    1 / 3,
    reference.softmax([1, 0, 1])[1]!,
  ].map((p) => -Math.log(p)));
  assert(Math.abs(nats - truth) < SIGMAS * standardError);
});

Deno.test("likelihood() asks for every number of masks once a round, and of what is asked for only", async () => {
  const { recorder, asked } = recordingDenoiser(language);
  const text = possibleTexts[0]!;
  const options = { given: text.with(0, maskId).with(2, maskId), rounds: 3 };
  await likelihood(recorder, text, options);
  const tokens = (await Promise.all(asked.map(({ tokens }) => tokens))).flat();
  const counts = tokens.map((ids) => ids.filter((id) => id === maskId).length);
  assert.deepEqual([0, 2, 4].map((i) => counts.slice(i, i + 2).sort()), [[1, 2], [1, 2], [1, 2]]);
  assert(tokens.every((ids) => ids[1] === text[1]));
  assert.equal(tokens.length, 6);
});

Deno.test("likelihood() of a causal model is exact, of a text or of its end", async () => {
  using model = new Transformer(causalConfig, causalParameters);
  const matrices = reference.toMatrices(causalConfig, causalParameters);
  const text = Int32Array.of(0, 3, 2, 1, 1, 4);
  const mask = model.vocabularySize;
  const logits = reference.transformer(causalConfig, matrices, [[mask, ...text.subarray(0, -1)]]);
  const expected = reference.surprisals(logits, [...text]);
  const whole = await likelihood(model, text);
  assertClose(whole.surprisals, expected, FLOAT32_TOLERANCE);
  assertClose([whole.nats], [sum(expected)], FLOAT32_TOLERANCE);
  assert.equal(whole.standardError, 0);
  const end = await likelihood(model, text, { given: text.slice().fill(mask, 4) });
  assertClose(end.surprisals, [0, 0, 0, 0, ...expected.slice(4)], FLOAT32_TOLERANCE);
  const start = await likelihood(model, text.subarray(0, 3));
  assertClose(start.surprisals, expected.slice(0, 3), FLOAT32_TOLERANCE);
});

Deno.test("likelihood() is the same again from the same seed", async () => {
  const text = possibleTexts[3]!;
  const first = await likelihood(language, text, { seed: 2 });
  assert.deepEqual(await likelihood(language, text, { seed: 2 }), first);
  assert.notDeepEqual(await likelihood(language, text, { seed: 3 }), first);
});

Deno.test("likelihood() tells how far it has come, and leaves no tensors behind", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const shares: number[] = [];
  const onProgress = (share: number) => shares.push(share);
  const text = Int32Array.of(0, 1, 2, 3);
  await assertNoLeak(() => likelihood(model, text, { rounds: 16, onProgress }));
  assert.deepEqual(shares, [0.5, 1]); // 64 sequences
});

Deno.test("likelihood() throws if there is nothing to ask, or nothing to answer with", async () => {
  using causal = new Transformer(causalConfig, causalParameters);
  const rng = new Rng(1);
  const long = Int32Array.from({ length: 7 }, () => rng.integer(3));
  const text = Int32Array.of(0, 1, 2);
  const cases: [Denoiser, Int32Array, LikelihoodOptions, RegExp][] = [
    [language, long, {}, /The text has 7 characters, but the model reads 3 at a time/],
    [causal, long, {}, /The text has 7 characters, but the model reads 6/],
    [language, text, { given: text }, /Nothing is masked/],
    [language, text.subarray(0, 0), {}, /Nothing is masked/],
    [language, text, { given: Int32Array.of(0, 2, maskId) }, /not the text with masks in it/],
    [language, text, { given: Int32Array.of(0, maskId) }, /not the text with masks in it/],
    [causal, text.with(0, 5), {}, /not the text with masks in it/],
    [language, text, { rounds: 1 }, /Cannot measure 1 rounds: .+ at least 2/],
    [language, text, { rounds: 2.5 }, /Cannot measure 2.5 rounds/],
    [causal, text, { given: Int32Array.of(5, 1, 2) }, /knows only what stands before/],
    [causal, text, { given: Int32Array.of(5, 1, 5) }, /knows only what stands before/],
  ];
  for (const [denoiser, text, options, message] of cases) {
    await assert.rejects(likelihood(denoiser, text, options), { name: "RangeError", message });
  }
});

Deno.test("likelihood() knows its standard error from two rounds already", async () => {
  const seeds = Array.from({ length: 800 }, (_, seed) => seed);
  const measure = (seed: number) => likelihood(language, possibleTexts[5]!, { seed, rounds: 2 });
  const runs = await Promise.all(seeds.map(measure));
  const told = mean(runs.map(({ standardError }) => standardError ** 2));
  const ratio = told / sampleVariance(runs.map(({ nats }) => nats));
  assert(ratio > 0.75 && ratio < 1.33, `${ratio}`);
});

Deno.test("likelihood() asks for every character sixteen times, unless told otherwise", async () => {
  const { recorder, asked } = recordingDenoiser(language);
  await likelihood(recorder, possibleTexts[0]!);
  assert.equal((await Promise.all(asked.map(({ tokens }) => tokens))).flat().length, 16 * T);
});
