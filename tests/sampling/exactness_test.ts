import assert from "node:assert/strict";
import { joinBatches } from "dlm/batch.ts";
import { standardDeviation } from "simple-statistics";
import { type Denoiser, Transformer } from "dlm/model.ts";
import { continuousTimeNoise, type DrawNoise, exactCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import {
  cosine,
  geometric,
  independentTimes,
  linear,
  lossWeight,
  polynomial,
  revealProbability,
  type Schedule,
  sharedOffsetTimes,
  stratifiedTimes,
} from "dlm/schedule.ts";
import {
  conditional,
  everyMask,
  language,
  maskCount,
  maskId,
  possibleTexts,
  probabilities,
  T,
  texts,
  V,
} from "../_languages.ts";
import { losses, type NoisySequence, pack } from "../_batches.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { assertFrequencies, binomial, tally } from "../_statistics.ts";
import { assertClose, randomParameters, TINY } from "../_support.ts";

// Where everything about a language is known, a bound and a sampler have nobody else to
// blame: with the true conditional probabilities the bound must be the negative
// log-likelihood, and sampling must draw from the language.

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/**
 * The bound on `-log p` of a text in nats, exactly: the sum over every set of masked places.
 *
 * @param coefficient what the surprisals of `k` masked characters count, all told
 */
async function enumeratedBound(
  denoiser: Denoiser,
  clean: Int32Array,
  coefficient: (k: number) => number,
): Promise<number> {
  const mask = denoiser.vocabularySize;
  const sequences: NoisySequence[] = everyMask(clean, mask).map((noisy) => ({
    clean,
    noisy,
    weights: Float32Array.from(noisy, (id) => id === mask ? 1 : 0),
  }));
  const surprisals = await losses(denoiser, pack(sequences));
  return sum(sequences.map(({ noisy }, n) => coefficient(maskCount(noisy, mask)) * surprisals[n]!));
}

/** Of exactly `k` of `T` masks: their number has probability `1 / T`, the set one over the ways to choose. */
const exactCount = (length: number) => (k: number) => 1 / length / binomial(length, k) * length / k;

Deno.test("the exact-count bound is -log p, for every text, if the denoiser is exact", async () => {
  for (const text of possibleTexts) {
    const nats = await enumeratedBound(language, text, exactCount(T));
    assertClose([nats], [language.surprisal(text)], FLOAT32_TOLERANCE);
  }
});

/** Under a schedule: `∫ weight · P(this set is masked) dt`, by the midpoint rule in `√t`. */
function continuousTime(schedule: Schedule, length: number): (k: number) => number {
  const points = 20_000;
  const coefficients = Array.from({ length: length + 1 }, (_, k) => {
    let integral = 0;
    for (let i = 0; i < points; i++) {
      const root = (i + 0.5) / points; // in which even a weight like 1 / √t is smooth
      const alpha = schedule.alpha(root ** 2);
      if (alpha === 1) continue; // as far as doubles can tell, nothing is masked yet
      const probability = (1 - alpha) ** k * alpha ** (length - k);
      integral += lossWeight(schedule, root ** 2) * probability * 2 * root / points;
    }
    return integral;
  });
  return (k) => coefficients[k]!;
}

for (
  const schedule of [linear, cosine, polynomial(0.5), polynomial(2), polynomial(5), geometric()]
) {
  Deno.test(`the continuous-time bound is -log p, for every text, under the ${schedule.name} schedule`, async () => {
    const coefficient = continuousTime(schedule, T);
    for (const text of possibleTexts) {
      const nats = await enumeratedBound(language, text, coefficient);
      assertClose([nats], [language.surprisal(text)], FLOAT32_TOLERANCE);
    }
  });
}

Deno.test("the exact-count bound of any model is its mean over all orders of writing", async () => {
  const config = { ...TINY, context: 4 };
  using model = new Transformer(config, randomParameters(config, 1));
  const clean = Int32Array.of(2, 0, 4, 2);
  const orders = permutations([0, 1, 2, 3]);
  assert.equal(orders.length, 24);
  const steps = orders.flatMap((order) =>
    order.map((place, i): NoisySequence => {
      const hidden = order.slice(i); // the rest, of which this place is written next
      const noisy = clean.map((id, j) => hidden.includes(j) ? config.vocabularySize : id);
      return { clean, noisy, weights: new Float32Array(4).fill(0).with(place, 1 / 24) };
    })
  );
  const written = sum([...await losses(model, pack(steps))]);
  const bound = await enumeratedBound(model, clean, exactCount(4));
  assertClose([bound], [written], FLOAT32_TOLERANCE);
});

function permutations(items: number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest])
  );
}

/**
 * How far a mean of independent numbers may be from the truth, in standard errors. By the
 * normal law chance alone exceeds it once in 16,000 tests.
 */
const SIGMAS = 4;

/**
 * Asserts that noise gives, on average over batches, the likelihood of each text.
 *
 * The standard error is that of the batches' means. Under the linear and the cosine schedule
 * the loss has no finite variance, but only just: its mean divided by its standard error
 * still goes to the normal law (Giné, Götze and Mason, 1997).
 */
async function assertUnbiased(drawNoise: DrawNoise): Promise<void> {
  const rng = new Rng(1);
  const [batches, batch] = [100, 8];
  let [deviation, variance] = [0, 0];
  for (const text of possibleTexts) {
    const copies = Array.from({ length: batch }, () => text);
    const drawn = Array.from({ length: batches }, () => drawNoise(copies, { maskId, rng }));
    const found = await losses(language, joinBatches(drawn));
    const means = Array.from(
      { length: batches },
      (_, i) => T * sum([...found.slice(i * batch, (i + 1) * batch)]),
    );
    deviation += sum(means) / batches - language.surprisal(text);
    variance += standardDeviation(means) ** 2 / (batches - 1);
  }
  const sigmas = deviation / Math.sqrt(variance);
  assert(Math.abs(sigmas) < SIGMAS, `off by ${sigmas} standard errors`);
}

Deno.test("exactCountNoise() gives -log p on average", () => assertUnbiased(exactCountNoise));

for (const schedule of [linear, cosine, polynomial(2), geometric()]) {
  for (const times of [independentTimes, stratifiedTimes, sharedOffsetTimes]) {
    Deno.test(`continuousTimeNoise() gives -log p on average (${schedule.name}, ${times.name})`, () =>
      assertUnbiased((sequences, options) =>
        continuousTimeNoise(sequences, { ...options, schedule, times })
      ));
  }
}

/**
 * The distribution that ancestral sampling with an exact denoiser draws from: all ways
 * through its steps, each with its probability.
 */
function ancestralLaw(steps: number, schedule: Schedule): number[] {
  let states = new Map([[String(new Int32Array(T).fill(maskId)), 1]]);
  for (let step = steps; step > 0; step--) {
    const reveal = revealProbability(schedule, (step - 1) / steps, step / steps);
    const next = new Map<string, number>();
    for (const [state, probability] of states) {
      for (const [after, share] of outcomes(Int32Array.from(state.split(","), Number), reveal)) {
        next.set(after, (next.get(after) ?? 0) + probability * share);
      }
    }
    states = next;
  }
  return texts.map((text) => states.get(String(text)) ?? 0);
}

/** What one step makes of a text with masks, and how probably: each mask goes by itself. */
function outcomes(noisy: Int32Array, reveal: number): [state: string, probability: number][] {
  let found: [tokens: number[], probability: number][] = [[[], 1]];
  noisy.forEach((shown, i) => {
    const choices: [id: number, probability: number][] = shown === maskId
      ? [
        [maskId, 1 - reveal],
        ...[0, 1, 2].map((id) => [id, reveal * predicted(noisy, i, id)] as [number, number]),
      ]
      : [[shown, 1]];
    found = found.flatMap(([tokens, p]) =>
      choices.map(([id, q]): [number[], number] => [[...tokens, id], p * q])
    );
  });
  return found.filter(([, p]) => p > 0).map(([tokens, p]) => [String(tokens), p]);
}

/** What the denoiser says; nothing in particular of what cannot be. */
function predicted(noisy: Int32Array, i: number, id: number): number {
  const p = conditional(noisy, i, id);
  return Number.isNaN(p) ? 1 / V : p;
}

/** How often each text was drawn. */
function counts(sequences: readonly Int32Array[]): number[] {
  const number = (text: Int32Array) => text.reduce((n, id) => n * V + id, 0);
  return tally(texts.length, sequences.length, (b) => number(sequences[b]!));
}

const blanks = (count: number) =>
  Array.from({ length: count }, () => new Int32Array(T).fill(maskId));

for (const [steps, schedule] of [[1, linear], [2, linear], [3, cosine]] as const) {
  Deno.test(`ancestral sampling in ${steps} ${schedule.name} steps has the bias it must have`, async () => {
    const law = ancestralLaw(steps, schedule);
    assert(Math.abs(sum(law) - 1) < 1e-12);
    const rng = new Rng(4);
    const last = await lastFrame(sample(language, blanks(10_000), { steps, schedule, rng }));
    assertFrequencies(counts(last.sequences), law);
  });
}

Deno.test("ancestral sampling comes to the language itself as steps grow, by half when they double", () => {
  for (const schedule of [linear, cosine]) {
    const distances = [1, 2, 4, 8, 16, 32, 64].map((steps) =>
      sum(ancestralLaw(steps, schedule).map((p, n) => Math.abs(p - probabilities[n]!))) / 2
    );
    assert(distances[0]! > 0.1, "there is a bias to lose");
    for (let i = 1; i < distances.length; i++) assert(distances[i]! < distances[i - 1]!);
    const [before, last] = distances.slice(-2);
    assert(Math.abs(last! / before! - 0.5) < 0.02, `${distances}`);
  }
});
