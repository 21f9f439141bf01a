import assert from "node:assert/strict";
import fc from "fast-check";
import type { Denoiser } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { type Frame, lastFrame, sample, type SampleOptions } from "dlm/sampler.ts";
import { ancestral } from "dlm/sampling/ancestral.ts";
import { inBlocks } from "dlm/sampling/in_blocks.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { confidenceThreshold } from "dlm/sampling/confidence_threshold.ts";
import { firstHitting } from "dlm/sampling/first_hitting.ts";
import { lowConfidence } from "dlm/sampling/low_confidence.ts";
import { randomOrder } from "dlm/sampling/random_order.ts";
import { remasking, remaskingLoop } from "dlm/sampling/remasking.ts";
import { everySampler } from "dlm/sampling/samplers.ts";
import { cosine, geometric, linear, polynomial, type Schedule } from "dlm/schedule.ts";
import {
  enumeratedLanguage,
  enumerateTexts,
  markovLanguage,
} from "dlm/languages/known_languages.ts";
import { assertFrequencies, tally } from "../_statistics.ts";
import { softmax } from "../_reference.ts";
import { assertClose, lookupDenoiser, recordingDenoiser } from "../_support.ts";

// A language of 3 characters and 3 places, in which every place depends on the others.
const [V, T, maskId] = [3, 3, 3];
const TEXTS = enumerateTexts(V, T);
const WEIGHTS = TEXTS.map((_, i) => 1 + (7 * i * i + 3 * i) % 23);
const TOTAL = WEIGHTS.reduce((a, b) => a + b, 0);
const PROBABILITIES = WEIGHTS.map((weight) => weight / TOTAL);
const language = enumeratedLanguage({ vocabularySize: V, length: T, probabilities: PROBABILITIES });

const masks = (length: number, id = maskId) => new Int32Array(length).fill(id);
const indexOf = (text: Int32Array) => text.reduce((index, id) => index * V + id, 0);

function frames(
  templates: Int32Array[],
  options: Partial<SampleOptions>,
  denoiser: Denoiser = language,
): Promise<Frame[]> {
  return Array.fromAsync(sample(denoiser, templates, { rng: new Rng(1), ...options }));
}

/** How often each text comes out of many runs. */
async function counts(
  options: Partial<SampleOptions>,
  template = masks(T),
  draws = 4_000,
): Promise<number[]> {
  const templates = Array.from({ length: draws }, () => template);
  const { sequences } = await lastFrame(
    sample(language, templates, { rng: new Rng(7), ...options }),
  );
  return tally(TEXTS.length, draws, (b) => indexOf(sequences[b]!));
}

/** Half the sum of the differences between what was seen and the truth. */
function totalVariation(seen: number[]): number {
  const draws = seen.reduce((a, b) => a + b, 0);
  return seen.reduce((sum, n, i) => sum + Math.abs(n / draws - PROBABILITIES[i]!), 0) / 2;
}

const EXACT: Record<string, Sampler> = {
  "firstHitting()": firstHitting(),
  "randomOrder() of one at a time": randomOrder(),
  "confidenceThreshold() of one at a time": confidenceThreshold({ threshold: 1 }),
  "randomOrder() of one at a time on the cosine grid": randomOrder({ steps: 12, schedule: cosine }),
  "ancestral() in many steps": ancestral({ steps: 100 }),
  "ancestral() in many steps on the cosine grid": ancestral({ steps: 100, schedule: cosine }),
  "remasking() in many steps": remasking({ steps: 100, cap: 0.03 }),
  "remaskingLoop() in many steps": remaskingLoop({ steps: 100, sigma: 0.02 }),
  "inBlocks() of one": inBlocks({ length: 1, sampler: ancestral() }),
  "inBlocks() of two": inBlocks({ length: 2, sampler: firstHitting() }),
};

for (const [name, sampler] of Object.entries(EXACT)) {
  Deno.test(`${name} draws from the true distribution`, async () => {
    assertFrequencies(await counts({ sampler }), PROBABILITIES);
  });

  Deno.test(`${name} draws from the true distribution given a part`, async () => {
    const seen = await counts({ sampler }, Int32Array.of(maskId, 1, maskId), 1_000);
    const fits = TEXTS.map((text, i) => text[1] === 1 ? PROBABILITIES[i]! : 0);
    const sum = fits.reduce((a, b) => a + b, 0);
    assertFrequencies(seen, fits.map((p) => p / sum));
  });
}

Deno.test("remasking() is biased in few steps, and less so in more", async () => {
  const bias = [];
  for (const steps of [1, 3, 9]) {
    const seen = await counts({ sampler: remasking({ steps }) }, masks(T), 20_000);
    bias.push(totalVariation(seen));
  }
  assert(bias[0]! > 2 * bias[1]! && bias[1]! > 2 * bias[2]!, `${bias}`);
});

Deno.test("every sampler in one step draws from the product of the marginals", async () => {
  const marginals = [0, 1, 2].map((place) =>
    [0, 1, 2].map((id) =>
      TEXTS.reduce((sum, text, i) => text[place] === id ? sum + PROBABILITIES[i]! : sum, 0)
    )
  );
  const product = TEXTS.map((text) => text.reduce((p, id, i) => p * marginals[i]![id]!, 1));
  const samplers = [
    ancestral({ steps: 1 }),
    randomOrder({ steps: 1 }),
    lowConfidence({ steps: 1 }),
    confidenceThreshold({ threshold: 0 }),
    remasking({ steps: 1 }),
    remaskingLoop({ steps: 1 }),
  ];
  for (const sampler of samplers) assertFrequencies(await counts({ sampler }), product);
});

/** What the language expects behind each mask of a text: `[place, probabilities]`. */
function expectations(text: readonly number[]): [number, number[]][] {
  const fits = TEXTS.map((other, i) =>
    text.every((id, place) => id === maskId || id === other[place]) ? PROBABILITIES[i]! : 0
  );
  const sum = fits.reduce((a, b) => a + b, 0);
  return text.flatMap((id, place) => {
    if (id !== maskId) return [];
    const p = [0, 1, 2].map((c) =>
      fits.reduce((q, fit, i) => TEXTS[i]![place] === c ? q + fit / sum : q, 0)
    );
    return [[place, p] as [number, number[]]];
  });
}

/** The law of low-confidence sampling, one at a time, by going through all that can be drawn. */
function lowConfidenceLaw(text: number[], p: number, law: number[]): number[] {
  const places = expectations(text);
  if (places.length === 0) law[indexOf(Int32Array.from(text))]! += p;
  else {
    for (const draw of enumerateTexts(V, places.length)) {
      const confidences = places.map(([, q], i) => q[draw[i]!]!);
      const chance = confidences.reduce((a, b) => a * b, p);
      const best = confidences.indexOf(Math.max(...confidences));
      lowConfidenceLaw(text.with(places[best]![0], draw[best]!), chance, law);
    }
  }
  return law;
}

/** The law of threshold sampling. */
function thresholdLaw(text: number[], threshold: number, p: number, law: number[]): number[] {
  const places = expectations(text);
  if (places.length === 0) law[indexOf(Int32Array.from(text))]! += p;
  else {
    const certainties = places.map(([, q]) => Math.max(...q));
    const most = Math.max(...certainties);
    const sure = places.filter((_, i) => certainties[i]! >= Math.min(threshold, most));
    for (const draw of enumerateTexts(V, sure.length)) {
      const chance = sure.reduce((a, [, q], i) => a * q[draw[i]!]!, p);
      const next = sure.reduce((t, [place], i) => t.with(place, draw[i]!), text);
      thresholdLaw(next, threshold, chance, law);
    }
  }
  return law;
}

const noLaw = () => new Array<number>(TEXTS.length).fill(0);

Deno.test("lowConfidence() draws as its definition says, which is not the true distribution", async () => {
  const law = lowConfidenceLaw([3, 3, 3], 1, noLaw());
  const seen = await counts({ sampler: lowConfidence() }, masks(T), 20_000);
  assertFrequencies(seen, law);
  assert.throws(() => assertFrequencies(seen, PROBABILITIES));
});

Deno.test("confidenceThreshold() draws as its definition says", async () => {
  for (const threshold of [0.45, 0.55, 1]) {
    const law = thresholdLaw([3, 3, 3], threshold, 1, noLaw());
    assertFrequencies(await counts({ sampler: confidenceThreshold({ threshold }) }), law);
  }
});

Deno.test("every sampler calls a schedule's function as its own, since it may need the others", async () => {
  const power = {
    ...linear,
    power: 2,
    alpha(t: number) {
      return 1 - t ** this.power;
    },
  };
  for (
    const sampler of [ancestral({ steps: 3, schedule: power }), remasking({ schedule: power })]
  ) {
    assert((await frames([masks(T)], { sampler })).length > 1);
  }
});

Deno.test("remasking samplers show, at every time, as many characters as the process does", async () => {
  const chain = markovLanguage({
    length: 4,
    initial: [0.5, 0.5],
    transitions: [[0.9, 0.1], [0.2, 0.8]],
  });
  const templates = Array.from({ length: 5000 }, () => masks(4, 2));
  const loop = (t: number) => t >= 0.5 ? 0.8 * (1 - t) / 0.5 : t > 0.1 ? 0.8 : 1 - 0.2 * t / 0.1;
  const plans: [Sampler, (t: number) => number][] = [
    [remasking({ steps: 10, cap: 0.2 }), linear.alpha],
    [remasking({ steps: 10, cap: 1, schedule: cosine }), cosine.alpha],
    [remaskingLoop({ steps: 10, on: 0.5, off: 0.1, alpha: 0.8, sigma: 0.1 }), loop],
  ];
  for (const [sampler, alpha] of plans) {
    const moments = await frames(templates, { sampler }, chain);
    assert(moments.some(({ remasked }) => remasked.length > 0));
    for (const { time, sequences } of [moments[3]!, moments[6]!, moments[8]!]) {
      const ids = sequences.flatMap((sequence) => [...sequence]);
      const counts = tally(2, ids.length, (i) => ids[i] === 2 ? 1 : 0);
      assertFrequencies(counts, [alpha(time), 1 - alpha(time)]);
    }
  }
});

Deno.test("firstHitting() takes one evaluation a mask, any of them first, at the largest of as many times", async () => {
  const times: number[] = [];
  const first = [0, 0];
  for (let seed = 0; seed < 500; seed++) {
    const moments = await frames([Int32Array.of(3, 1, 3), Int32Array.of(1, 1, 3)], {
      sampler: firstHitting(),
      rng: new Rng(seed),
    });
    assert.deepEqual(moments.map(({ evaluations }) => evaluations), [0, 1, 2]);
    times.push(moments[1]!.time);
    first[moments[1]!.revealed[0]! / 2]!++;
  }
  assertFrequencies(first, [0.5, 0.5]);
  const quartiles = [0.25, 0.5, 0.75].map(Math.sqrt); // P(max of 2 < x) = x²
  const bins = tally(4, times.length, (i) => quartiles.filter((q) => times[i]! > q).length);
  assertFrequencies(bins, [0.25, 0.25, 0.25, 0.25]);
});

Deno.test("firstHitting() tells the times of its schedule", async () => {
  const times = async (schedule?: Schedule) => {
    const moments = await frames([masks(T)], { sampler: firstHitting({ schedule }) });
    return moments.slice(1).map(({ time }) => time);
  };
  const even = await times();
  assertClose(await times(cosine), even.map((t) => cosine.inverse(linear.alpha(t))), 1e-12);
});

Deno.test("fixed-count samplers reveal what the schedule leaves, and the most confident first", async () => {
  const logits = [[0, 4], [9, 0], [0, 0.1], [6, 0], [0, 1], [2, 0]];
  const denoiser = lookupDenoiser(logits);
  const options = { steps: 3, schedule: cosine };
  for (const sampler of [randomOrder(options), lowConfidence(options)]) {
    const moments = await frames([masks(6, 2)], { sampler, temperature: 1e-6 }, denoiser);
    const left = moments.map(({ sequences }) => sequences[0]!.filter((id) => id === 2).length);
    assert.deepEqual(left, [6, 5, 3, 0]); // round(6 · cos(π/2 · k/3))
  }
  const moments = await frames([masks(6, 2)], {
    sampler: lowConfidence(options),
    temperature: 1e-6,
  }, denoiser);
  assert.deepEqual(moments.map(({ revealed }) => [...revealed]), [[], [1], [0, 3], [2, 4, 5]]);
});

Deno.test("lowConfidence() with a choice temperature reveals in another order now and then", async () => {
  const denoiser = lookupDenoiser([[3, 0], [2, 0]]);
  const first = async (choiceTemperature: number) => {
    let second = 0;
    for (let seed = 0; seed < 200; seed++) {
      const options = { sampler: lowConfidence({ choiceTemperature }), rng: new Rng(seed) };
      const moments = await frames([masks(2, 2)], { ...options, temperature: 1e-6 }, denoiser);
      if (moments[1]!.revealed[0] === 1) second++;
    }
    return second;
  };
  assert.equal(await first(0), 0);
  assert((await first(1)) > 20);
});

Deno.test("with a choice temperature, lowConfidence() keeps a place in proportion to p^(1 / temperature)", async () => {
  const logits = [[4, 0], [1, 0], [0, 0]];
  const confidences = logits.map((row) => softmax(row)[0]!);
  const templates = Array.from({ length: 5_000 }, () => masks(3, 2));
  for (const choiceTemperature of [1, 0.25]) { // its first step begins at time 1
    const options = { sampler: lowConfidence({ choiceTemperature }), topK: 1 };
    const { revealed } = (await frames(templates, options, lookupDenoiser(logits)))[1]!;
    const first = tally(3, revealed.length, (i) => revealed[i]! % 3);
    const powers = confidences.map((p) => p ** (1 / choiceTemperature));
    const sum = powers.reduce((a, b) => a + b);
    assertFrequencies(first, powers.map((power) => power / sum));
  }
});

Deno.test("with a choice temperature, lowConfidence() has less noise the less time is left", async () => {
  const logits = [[4, 0], [1, 0], [0, 0]];
  const confidences = logits.map((row) => softmax(row)[0]!);
  const templates = Array.from({ length: 5_000 }, () => masks(3, 2));
  const options = { sampler: lowConfidence({ choiceTemperature: 0.5 }), topK: 1 };
  const moments = await frames(templates, options, lookupDenoiser(logits));
  const [first, second] = [moments[1]!.revealed, moments[2]!.revealed];
  const after = [...first].flatMap((place, i) => place % 3 === 0 ? [second[i]! % 3] : []);
  const powers = [1, 2].map((place) => confidences[place]! ** (1 / (0.5 * 2 / 3))); // time 2/3
  const [one, two] = powers as [number, number];
  const found = tally(2, after.length, (i) => after[i]! - 1);
  assertFrequencies(found, [one / (one + two), two / (one + two)]);
});

Deno.test("remasking() and remaskingLoop() are those of the paper, unless told otherwise", async () => {
  const write = (sampler: Sampler) => frames(Array(8).fill(masks(T)), { sampler });
  const loop = { on: 0.55, off: 0.05, alpha: 0.9, sigma: 0.02, steps: 64 };
  assert.deepEqual(
    await write(remasking({ steps: 64 })),
    await write(remasking({ steps: 64, cap: 0.04 })),
  );
  assert.deepEqual(await write(remaskingLoop({ steps: 64 })), await write(remaskingLoop(loop)));
  const others = [{ ...loop, alpha: 0.8 }, { ...loop, sigma: 0.2 }, { ...loop, on: 0.7 }, {
    ...loop,
    off: 0.2,
  }];
  const usual = await write(remaskingLoop({ steps: 64 }));
  for (const other of others) assert.notDeepEqual(await write(remaskingLoop(other)), usual);
});

Deno.test("confidenceThreshold() takes what is as sure as 0.9, or else the surest", async () => {
  const logits = [[Math.log(0.91 / 0.09), 0], [Math.log(0.89 / 0.11), 0], [0, 0]];
  const options = { sampler: confidenceThreshold() };
  const moments = await frames([masks(3, 2)], options, lookupDenoiser(logits));
  assert.deepEqual(moments.map(({ revealed }) => [...revealed]), [[], [0], [1], [2]]);
  assert.deepEqual(moments.map(({ time }) => time), [1, 2 / 3, 1 / 3, 0]);
});

Deno.test("a frame tells the model's confidence in what was written, whatever the temperature", async () => {
  const denoiser = lookupDenoiser([[0, Math.log(3)], [0, Math.log(3)]]);
  for (const temperature of [0.5, 1, 2]) {
    const options = { sampler: firstHitting(), temperature };
    const moments = await frames([Int32Array.of(2, 1), masks(2, 2)], options, denoiser);
    assert.deepEqual(moments[0]!.confidences.map((row) => [...row]), [[NaN, NaN], [NaN, NaN]]);
    const { sequences, confidences } = moments.at(-1)!;
    assert(isNaN(confidences[0]![1]!), "given");
    for (const [b, i] of [[0, 0], [1, 0], [1, 1]] as const) {
      const expected = sequences[b]![i] === 1 ? 0.75 : 0.25;
      assert(Math.abs(confidences[b]![i]! - expected) < 1e-6);
    }
  }
});

Deno.test("topK and topP draw the likeliest characters alone, in their proportions", async () => {
  const p = [0.1, 0.4, 0.2, 0.3];
  const denoiser = lookupDenoiser([p.map(Math.log)]);
  const cases: [Partial<SampleOptions>, number[]][] = [
    [{ topK: 1 }, [0, 1, 0, 0]],
    [{ topK: 2 }, [0, 4 / 7, 0, 3 / 7]],
    [{ topK: 9 }, p],
    [{ topP: 0.3 }, [0, 1, 0, 0]],
    [{ topP: 0.5 }, [0, 4 / 7, 0, 3 / 7]],
    [{ topP: 0.95 }, p],
    [{ topK: 3, topP: 0.7 }, [0, 4 / 7, 0, 3 / 7]], // 0.7 of the 0.9 that top-k leaves
    [{ topP: 0.6, temperature: 0.5 }, [0, 16 / 25, 0, 9 / 25]], // p² ∝ 1, 16, 4, 9
  ];
  const templates = Array.from({ length: 5000 }, () => masks(1, 4));
  for (const [options, expected] of cases) {
    const { sequences } = (await frames(templates, options, denoiser)).at(-1)!;
    const counts = tally(4, 5000, (b) => sequences[b]![0]!);
    if (expected.includes(1)) assert.deepEqual(counts, expected.map((p) => 5000 * p));
    else assertFrequencies(counts, expected);
  }
});

const schedules = fc.constantFrom(linear, cosine, polynomial(2), geometric());
const steps = fc.integer({ min: 1, max: 7 });

const simpleSamplers: fc.Arbitrary<Sampler> = fc.oneof(
  fc.record({ steps, schedule: schedules }).map(ancestral),
  fc.record({ schedule: schedules }).map(firstHitting),
  fc.record({ steps, schedule: schedules }).map(randomOrder),
  fc.record({ steps, schedule: schedules, choiceTemperature: fc.constantFrom(0, 3) }).map(
    lowConfidence,
  ),
  fc.record({ threshold: fc.double({ min: 0, max: 1, noNaN: true }) }).map(confidenceThreshold),
  fc.record({ steps, schedule: schedules, cap: fc.constantFrom(0, 0.3, 1) }).map(remasking),
  fc.record({ steps, sigma: fc.constantFrom(0, 0.3, 1) }).map(remaskingLoop),
);

const samplers = fc.oneof(
  simpleSamplers,
  fc.record({ length: fc.integer({ min: 1, max: 3 }), sampler: simpleSamplers }).map(inBlocks),
);

const chain = markovLanguage({
  length: 5,
  initial: [0.2, 0.3, 0.5],
  transitions: [[0, 0.5, 0.5], [0.9, 0.1, 0], [0.3, 0.3, 0.4]],
});

/** Batches of sequences of one length with masks anywhere, up to twice the context. */
const batches = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  length: fc.constantFrom(5, 5, 6, 10),
}).chain(({ count, length }) => {
  const sequence = fc.array(fc.nat(maskId), { minLength: length, maxLength: length });
  return fc.array(sequence.map((ids) => Int32Array.from(ids)), {
    minLength: count,
    maxLength: count,
  });
});

/** A sampler as it can be used on sequences of a length. */
function fit(sampler: Sampler, length: number): Sampler {
  return length > chain.context ? inBlocks({ length: 4, sampler }) : sampler;
}

const drawing = fc.record({
  temperature: fc.constantFrom(0.1, 1, 3),
  topK: fc.integer({ min: 1, max: 4 }),
  topP: fc.constantFrom(0.1, 0.9, 1),
});

Deno.test("every sampler leaves no mask, changes nothing given, and tells what it does", async () => {
  await fc.assert(
    fc.asyncProperty(
      batches,
      samplers,
      drawing,
      fc.nat(),
      async (templates, sampler, options, seed) => {
        const given = structuredClone(templates);
        const rng = new Rng(seed);
        const run = { ...options, sampler: fit(sampler, templates[0]!.length), rng };
        const moments = await frames(templates, run, chain);
        assert.deepEqual(templates, given);
        assert.deepEqual(moments[0]!.sequences, given);
        const tokens = (frame: Frame) => frame.sequences.flatMap((sequence) => [...sequence]);
        const fixed = given.flatMap((template) => [...template]);
        moments.forEach((frame, n) => {
          const now = tokens(frame);
          const before = tokens(moments[n - 1] ?? frame);
          fixed.forEach((id, i) => assert(id === maskId || now[i] === id));
          assert.deepEqual(
            [...frame.revealed],
            [...now.keys()].filter((i) => before[i] === maskId && now[i] !== maskId),
          );
          assert.deepEqual(
            [...frame.remasked],
            [...now.keys()].filter((i) => before[i] !== maskId && now[i] === maskId),
          );
          assert(now.every((id, i) => id === before[i] || id === maskId || before[i] === maskId));
          frame.confidences.flatMap((row) => [...row]).forEach((confidence, i) => {
            const written = fixed[i] === maskId && now[i] !== maskId;
            assert(written ? confidence > 0 && confidence <= 1 + 1e-6 : isNaN(confidence));
          });
          assert(frame.time <= (moments[n - 1]?.time ?? 1) && frame.time >= 0);
          assert(frame.evaluations >= (moments[n - 1]?.evaluations ?? 0));
        });
        assert(!tokens(moments.at(-1)!).includes(maskId));
      },
    ),
  );
});

Deno.test("a canvas takes nothing in the place of what is given", async () => {
  const faults: [message: RegExp, sampler: Sampler][] = [
    [/There is no mask at the place 1: guess and write/, async function* (canvas) {
      await canvas.guess([1]);
      yield 0;
    }],
    [/There is no mask at the place 1: guess and write/, async function* (canvas) {
      const [guess] = await canvas.guess([0]);
      canvas.write([{ ...guess!, place: 1 }]);
      yield 0;
    }],
    [/Nothing was written at the place 1: erase at/, async function* (canvas) {
      canvas.erase([1]);
      yield 0;
    }],
    [/Nothing was written at the place 9/, async function* (canvas) {
      canvas.erase([9]);
      yield 0;
    }],
  ];
  for (const [message, sampler] of faults) {
    const given = Int32Array.of(maskId, 2, maskId);
    await assert.rejects(frames([given], { sampler }), { name: "RangeError", message });
  }
});

Deno.test("every sampler writes the same from the same seed", async () => {
  await fc.assert(
    fc.asyncProperty(batches, samplers, drawing, async (templates, sampler, options) => {
      const fitting = fit(sampler, templates[0]!.length);
      const once = () =>
        frames(templates, { ...options, sampler: fitting, rng: new Rng(3) }, chain);
      assert.deepEqual(await once(), await once());
    }),
    { numRuns: 30 },
  );
});

Deno.test("inBlocks() writes from left to right, and texts longer than the context", async () => {
  const { recorder, asked } = recordingDenoiser(chain); // it reads 5 at a time
  const template = masks(12);
  template[11] = 1;
  const sampler = inBlocks({ length: 3, sampler: randomOrder({ steps: 1 }) });
  const moments = await frames([template], { sampler }, recorder);
  assert.deepEqual(moments.map(({ revealed }) => [...revealed]), [[], [0, 1, 2], [3, 4, 5], [
    6,
    7,
    8,
  ], [9, 10]]);
  assert.deepEqual(moments.map(({ time }) => time), [1, 3 / 4, 2 / 4, 1 / 4, 0]);
  const { sequences: [text] } = moments.at(-1)!;
  const windows = await Promise.all(asked.map(async ({ tokens }) => (await tokens)[0]));
  const hidden = (from: number, masked: number[]) =>
    [...text!.slice(from, from + 5)].map((id, i) => masked.includes(i) ? maskId : id);
  assert.deepEqual(windows, [
    hidden(0, [0, 1, 2, 3, 4]), // nothing shows yet
    hidden(1, [2, 3, 4]), // as much as can be of what is before
    hidden(4, [2, 3, 4]),
    hidden(7, [2, 3]), // and what is given at the end
  ]);
});

Deno.test("inBlocks() writes each block by ancestral sampling unless told otherwise", async () => {
  const [own, given] = await Promise.all([
    frames([masks(T)], { sampler: inBlocks({ length: 2 }) }),
    frames([masks(T)], { sampler: inBlocks({ length: 2, sampler: ancestral() }) }),
  ]);
  assert.deepEqual(own, given);
});

Deno.test("inBlocks() ends at time 0 when the last blocks are given", async () => {
  const template = Int32Array.of(3, 3, 3, 0, 1, 2);
  const sampler = inBlocks({ length: 3, sampler: randomOrder({ steps: 1 }) });
  const moments = await frames([template], { sampler }, chain);
  assert.deepEqual(moments.map(({ time }) => time), [1, 0]);
});

Deno.test("inBlocks() sees text that is given after a block", async () => {
  const { recorder, asked } = recordingDenoiser(chain);
  const template = Int32Array.of(0, 1, 0, 1, 0, 3, 0, 1, 2, 2, 2, 2);
  await assert.rejects(
    frames([template], { sampler: inBlocks({ length: 6, sampler: firstHitting() }) }, chain),
    { name: "RangeError", message: /Cannot sample 6 characters.*1 to 5 at a time.*in blocks/ },
  );
  await frames([template], { sampler: inBlocks({ length: 1, sampler: firstHitting() }) }, recorder);
  assert.deepEqual(await asked[0]!.tokens, [[1, 0, 3, 0, 1]]); // half of the room each side
});

Deno.test("samplers throw if an option makes no sense", async () => {
  const cases: [make: () => unknown, message: RegExp][] = [
    [() => ancestral({ steps: 0 }), /Cannot sample in 0 steps/],
    [() => randomOrder({ steps: 1.5 }), /Cannot sample in 1.5 steps/],
    [() => lowConfidence({ steps: -1 }), /Cannot sample in -1 steps/],
    [() => lowConfidence({ choiceTemperature: -1 }), /choice temperature is -1/],
    [() => confidenceThreshold({ threshold: 1.1 }), /threshold is 1.1/],
    [() => remasking({ cap: NaN }), /cap is NaN/],
    [() => remaskingLoop({ sigma: 2 }), /sigma is 2/],
    [() => remaskingLoop({ on: 0.1, off: 0.2 }), /from time 0.1 to 0.2/],
    [() => inBlocks({ length: 0, sampler: ancestral() }), /0 characters/],
  ];
  for (const [make, message] of cases) assert.throws(make, { name: "RangeError", message });
  const bad: [Partial<SampleOptions>, RegExp][] = [
    [{ topK: 0 }, /Top-k is 0/],
    [{ topP: 0 }, /Top-p is 0/],
    [{ topP: 1.01 }, /Top-p is 1.01/],
    [{ steps: 4, sampler: firstHitting() }, /has its own steps/],
  ];
  for (const [options, message] of bad) {
    await assert.rejects(frames([masks(3)], options), { message });
  }
});

Deno.test("everySampler() has those with steps once for each number, and the others once", async () => {
  const all = everySampler({ steps: [1, 2] });
  assert.deepEqual(all.map(({ name }) => name), [
    ...["ancestral", "ancestral", "random", "random", "low-confidence", "low-confidence"],
    ...["remasking", "remasking", "remasking-loop", "remasking-loop", "first-hitting", "threshold"],
  ]);
  const lengths = await Promise.all(
    all.slice(2, 6).map(async ({ sampler }) => (await frames([masks(T)], { sampler })).length),
  );
  assert.deepEqual(lengths, [2, 3, 2, 3]);
});
