import assert from "node:assert/strict";
import { measureCalibration } from "dlm/measures/calibration.ts";
import { Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { markovLanguage } from "dlm/languages/known_languages.ts";
import {
  assertNoLeak,
  fakeInterrupt,
  lookupDenoiser,
  randomParameters,
  TINY,
} from "../_support.ts";

const close = (a: number, b: number, tolerance: number) =>
  assert(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

const language = markovLanguage({
  length: 8,
  initial: [0.5, 0.3, 0.2],
  transitions: [[0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.05, 0.9, 0.05]],
});
const rng = new Rng(1);
const texts = Array.from({ length: 2000 }, () => [...language.draw(rng)]);
const split = Int32Array.from(texts.flat());

Deno.test("a language that knows itself is calibrated, and not at another temperature", async () => {
  const { bins, error } = await measureCalibration(language, split);
  for (const { predicted, hits, standardError } of bins) {
    close(hits, predicted, 4 * standardError + 1e-9);
  }
  assert(bins.length > 4 && error < 0.02, `${bins.length} bins, ${error}`);
  const sure = await measureCalibration(language, split, { temperature: 0.3 });
  assert(sure.error > 0.05 && sure.bins.at(-1)!.hits < sure.bins.at(-1)!.predicted);
  const shy = await measureCalibration(language, split, { temperature: 3 });
  assert(shy.error > 0.05 && shy.bins.at(-1)!.hits > shy.bins.at(-1)!.predicted);
});

Deno.test("measureCalibration() counts each prediction in the bin of its probability", async () => {
  const p = [0.7, 0.2, 0.1].map(Math.log);
  const denoiser = { ...lookupDenoiser([p, p, p, p]), causal: true }; // which asks for each character
  const text = Int32Array.from({ length: 12 }, (_, i) => i % 4 === 0 ? 1 : 0);
  const { bins, error } = await measureCalibration(denoiser, text, { bins: 4 });
  assert.equal(bins.length, 1);
  const { count, predicted, hits, standardError } = bins[0]!;
  assert.deepEqual([count, hits], [12, 9 / 12]);
  close(predicted, 0.7, 1e-6);
  close(standardError, Math.sqrt(0.75 * 0.25 / 12), 1e-9);
  close(error, 0.05, 1e-6);
});

Deno.test("measureCalibration() has as many bins as it is told, with edges at equal distances", async () => {
  const count = async (predictions: number[], bins?: number) => {
    const rows = predictions.map((p) => [p, 1 - p].map(Math.log));
    const denoiser = { ...lookupDenoiser([...rows, ...rows]), causal: true };
    return (await measureCalibration(denoiser, new Int32Array(8), { bins })).bins.length;
  };
  assert.deepEqual(await Promise.all([4, 2].map((bins) => count([0.7, 0.8], bins))), [2, 1]);
  assert.equal(await count([0.66, 0.71]), 2); // tenths, unless told otherwise
  assert.equal(await count([0.61, 0.69]), 1);
});

Deno.test("measureCalibration() masks other places with another seed", async () => {
  const measure = (seed?: number) => measureCalibration(language, split, { seed });
  assert.deepEqual(await measure(), await measure(0));
  assert.notDeepEqual(await measure(1), await measure(0));
});

Deno.test("measureCalibration() of what is certain has one bin, the last", async () => {
  const denoiser = lookupDenoiser(Array(4).fill([100, 0]));
  const { bins, error } = await measureCalibration(denoiser, new Int32Array(40));
  assert.deepEqual(bins.map(({ predicted, hits }) => [predicted, hits]), [[1, 1]]);
  assert.equal(error, 0);
});

Deno.test("measureCalibration() leaves no tensor behind, and reads a short last window", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const text = Int32Array.from({ length: 20 }, (_, i) => i % 5);
  await assertNoLeak(() => measureCalibration(model, text));
});

Deno.test("measureCalibration() throws if an option makes no sense", async () => {
  for (
    const [options, message] of [
      [{ bins: 0 }, /bins is 0/],
      [{ temperature: 0 }, /temperature is 0/],
    ] as const
  ) {
    await assert.rejects(measureCalibration(language, split, options), {
      name: "RangeError",
      message,
    });
  }
});

Deno.test("measureCalibration() counts each bin in its error as much as it holds", async () => {
  const [sure, unsure] = [[0.95, 0.05], [0.65, 0.35]].map((p) => p.map(Math.log));
  const denoiser = { ...lookupDenoiser([sure!, sure!, sure!, unsure!]), causal: true };
  const text = Int32Array.from({ length: 12 }, (_, i) => i % 4 === 3 ? 1 : 0);
  const { bins, error } = await measureCalibration(denoiser, text);
  assert.deepEqual(bins.map(({ count, hits }) => [count, hits]), [[3, 0], [9, 1]]);
  close(error, (9 * 0.05 + 3 * 0.65) / 12, 1e-6);
});

Deno.test("measureCalibration() tells nothing when interrupted", async () => {
  using interrupt = fakeInterrupt();
  const measuring = measureCalibration(language, split); // 2000 windows, 256 at once
  interrupt.press();
  await assert.rejects(measuring, {
    name: "Interrupted",
    message: "Stopped after 256 of 2000 windows.",
  });
});
