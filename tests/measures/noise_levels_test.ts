import assert from "node:assert/strict";
import { mean, sampleStandardDeviation } from "simple-statistics";
import { costsByMasks } from "dlm/languages/enumeration.ts";
import { Transformer } from "dlm/model.ts";
import { bitsByMasks, bitsBySteps } from "dlm/measures/noise_levels.ts";
import { continuousTimeNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import type { DrawTimes } from "dlm/schedule.ts";
import { markovLanguage } from "dlm/languages/known_languages.ts";
import { losses } from "../_batches.ts";
import { softmax } from "../_reference.ts";
import {
  assertNoLeak,
  lookupDenoiser,
  randomParameters,
  recordingDenoiser,
  TINY,
} from "../_support.ts";

/** Gives each character a probability of its own, the same in all of eight places. */
const LOGITS = [2, 0, -1, 1];
const unigram = lookupDenoiser(Array.from({ length: 8 }, () => LOGITS));
const rng = new Rng(1);
const text = Int32Array.from({ length: 203 }, () => rng.integer(4));

Deno.test("bitsByMasks() of a window that is all masked are those of its characters", async () => {
  const [[masks, bits]] = await bitsByMasks(unigram, text, { counts: [8], windows: 5 }) as [
    [number, number],
  ];
  const surprisals = softmax(LOGITS).map((p) => -Math.log2(p));
  const expected = text.subarray(0, 40).reduce((sum, id) => sum + surprisals[id]! / 40, 0);
  assert.equal(masks, 8);
  assert(Math.abs(bits - expected) < 1e-6, `${bits} is not ${expected}`);
});

Deno.test("bitsByMasks() masks as many characters as it says", async () => {
  const { recorder, asked } = recordingDenoiser(unigram);
  await bitsByMasks(recorder, text, { counts: [3, 1, 8], windows: 2 });
  const batches = await Promise.all(asked.map(({ tokens }) => tokens));
  const masks = batches.flat().map((row) => row.filter((id) => id === 4).length);
  assert.deepEqual(masks, [3, 3, 1, 1, 8, 8]);
});

Deno.test("bitsByMasks() measures from one mask to all, on whole windows", async () => {
  const points = await bitsByMasks(unigram, text);
  assert.deepEqual(points.map(([masks]) => masks), [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("bitsByMasks() leaves no tensor behind", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  await assertNoLeak(() => bitsByMasks(model, text.map((id) => id % 5), { windows: 3 }));
});

Deno.test("bitsBySteps() knows two words that go together: 1 bit, and 1 / N for N steps", () => {
  for (const steps of [1, 2, 3, 20]) {
    const bits = 2 * bitsBySteps([0, 1], steps); // the second word is known by the first
    assert(Math.abs(bits - (1 + 1 / steps)) < 1e-9, `${bits} bits in ${steps} steps`);
  }
});

Deno.test("bitsBySteps() is the cost of all at once in one step, and falls to the NELBO", () => {
  const bits = [0.5, 1, 2, 3, 5];
  assert(Math.abs(bitsBySteps(bits, 1) - 5) < 1e-9);
  const costs = [1, 2, 4, 8, 16, 1000].map((steps) => bitsBySteps(bits, steps));
  assert(costs.every((cost, i) => i === 0 || cost < costs[i - 1]!));
  assert(Math.abs(costs.at(-1)! - 11.5 / 5) < 0.01);
});

Deno.test("bitsBySteps() is what the loss in continuous time gives at the tops of its steps", async () => {
  const language = markovLanguage({
    length: 4,
    initial: [0.5, 0.5],
    transitions: [[0.9, 0.1], [0.1, 0.9]],
  });
  const clean = Int32Array.of(0, 0, 1, 1);
  const nats = await costsByMasks(language, clean);
  const expected = bitsBySteps([...nats].map((cost) => cost / Math.LN2), 3);
  const grid: DrawTimes = (count, rng) =>
    new Float64Array(count).map(() => (1 + rng.integer(3)) / 3);
  const copies = Array.from({ length: 20_000 }, () => clean);
  const noise = { maskId: 2, rng: new Rng(1), times: grid };
  const shares = await losses(language, continuousTimeNoise(copies, noise));
  const bits = shares.map((loss) => loss * copies.length / Math.LN2); // a share of the mean
  const error = sampleStandardDeviation([...bits]) / Math.sqrt(bits.length);
  assert(Math.abs(mean([...bits]) - expected) < 5 * error, `${mean([...bits])}, not ${expected}`);
});

Deno.test("bitsBySteps() tells of a number of steps that makes no sense", () => {
  assert.throws(() => bitsBySteps([1], 0), { name: "RangeError", message: /not in 0\.$/ });
});

Deno.test("bitsByMasks() throws if there is no window to measure", async () => {
  for (const windows of [0, -1, 2.5, NaN]) {
    await assert.rejects(bitsByMasks(unigram, text, { windows }), {
      name: "RangeError",
      message: `Cannot measure ${windows} windows: give a whole number of at least 1.`,
    });
  }
});

Deno.test("bitsByMasks() throws of a causal model, and measures a single window", async () => {
  await assert.rejects(bitsByMasks({ ...unigram, causal: true }, text), {
    name: "RangeError",
    message: /causal model has not learned what is behind a mask/,
  });
  const [[masks, bits] = []] = await bitsByMasks(unigram, text, { windows: 1, counts: [1] });
  assert.equal(masks, 1);
  assert(bits! > 0);
});

Deno.test("bitsBySteps() knows long contexts, too", () => {
  for (const length of [128, 1029, 1030, 2048]) {
    const bits = new Array<number>(length).fill(2);
    for (const steps of [1, 4]) assert(Math.abs(bitsBySteps(bits, steps) - 2) < 1e-6);
  }
});

Deno.test("bitsByMasks() throws where no such number of masks is possible", async () => {
  for (const count of [0, 9, 1.5, NaN]) {
    await assert.rejects(bitsByMasks(unigram, text, { counts: [3, count] }), {
      name: "RangeError",
      message: `Cannot mask ${count} of 8 characters: give counts from 1 to 8.`,
    });
  }
});

Deno.test("bitsByMasks() measures one mask and every tenth of the context, as its seed masks", async () => {
  const flat = lookupDenoiser(Array.from({ length: 40 }, () => [0, 0]));
  const points = await bitsByMasks(flat, new Int32Array(80));
  assert.deepEqual(points.map(([masks]) => masks), [1, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
  const seeded = (seed: number) => bitsByMasks(unigram, text, { seed });
  assert.deepEqual(await seeded(1), await seeded(1));
  assert.notDeepEqual(await seeded(1), await seeded(2));
});
