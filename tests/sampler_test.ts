import assert from "node:assert/strict";
import fc from "fast-check";
import type { Predictor } from "dlm/crew/predictor.ts";
import { type Denoiser, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import {
  copies,
  type Frame,
  lastFrame,
  promptTemplate,
  sample,
  sampleInLots,
  type SampleOptions,
  textsAtOnce,
} from "dlm/sampler.ts";
import { confidenceThreshold } from "dlm/sampling/confidence_threshold.ts";
import { firstHitting } from "dlm/sampling/first_hitting.ts";
import { randomOrder } from "dlm/sampling/random_order.ts";
import { cosine, geometric, linear, polynomial, revealProbability } from "dlm/schedule.ts";
import { softmax } from "./_reference.ts";
import { assertFrequencies, binomial, tally } from "./_statistics.ts";
import {
  assertNoLeak,
  fakeInterrupt,
  lookupDenoiser,
  randomParameters,
  recordingDenoiser,
  TINY,
} from "./_support.ts";

const V = 4;
const maskId = V;

/** Expects one character of four, another in every place, with a mode. */
const LOGITS = [[0, 1, 2, -1], [3, 0, 0, 0], [0, 0, 0, 0.5], [-2, 1, 0, 0], [0, 2, 1, 0]];
const denoiser = lookupDenoiser(LOGITS);
const MODES = [2, 0, 3, 1, 1];

const masks = (length: number) => new Int32Array(length).fill(maskId);

function frames(
  templates: Int32Array[],
  options: Partial<SampleOptions> = {},
  model: Denoiser = denoiser,
): Promise<Frame[]> {
  return Array.fromAsync(sample(model, templates, { rng: new Rng(1), ...options }));
}

const isMask = (id: number) => id === maskId;

/** Batches of sequences of one length, any of whose places may be masked. */
const batches = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  length: fc.integer({ min: 1, max: 5 }),
})
  .chain(({ count, length }) => {
    const sequence = fc.array(fc.nat(maskId), { minLength: length, maxLength: length });
    return fc.array(sequence.map((ids) => Int32Array.from(ids)), {
      minLength: count,
      maxLength: count,
    });
  });

const plans = fc.record({
  steps: fc.integer({ min: 1, max: 8 }),
  schedule: fc.constantFrom(linear, cosine, polynomial(2), geometric()),
  temperature: fc.constantFrom(0.5, 1, 2),
  rng: fc.nat().map((seed) => new Rng(seed)),
});

Deno.test("sample() leaves no mask, keeps what the template shows, and never takes a character back", async () => {
  await fc.assert(fc.asyncProperty(batches, plans, async (templates, plan) => {
    const given = structuredClone(templates);
    const moments = (await frames(templates, plan)).map((frame) => ({
      ...frame,
      tokens: frame.sequences.flatMap((sequence) => [...sequence]),
    }));
    assert.deepEqual(templates, given);
    assert.deepEqual(moments[0]!.sequences, given);
    assert(!moments.at(-1)!.tokens.some(isMask));
    for (let i = 1; i < moments.length; i++) {
      const [before, after] = [moments[i - 1]!.tokens, moments[i]!];
      const changed = before.flatMap((id, place) => id === after.tokens[place] ? [] : [place]);
      assert(changed.every((place) => isMask(before[place]!)));
      assert.deepEqual([...after.revealed], changed);
    }
  }));
});

Deno.test("sample() yields a frame a step, at its time, with the evaluations that it took", async () => {
  await fc.assert(fc.asyncProperty(batches, plans, async (templates, plan) => {
    const { recorder, asked } = recordingDenoiser(denoiser);
    const moments = await frames(templates, plan, recorder);
    const { steps } = plan;
    assert.deepEqual(
      moments.map(({ time }) => time),
      Array.from({ length: steps + 1 }, (_, i) => (steps - i) / steps),
    );
    let evaluations = 0;
    for (const frame of moments) {
      if (frame.revealed.length > 0) evaluations++;
      assert.equal(frame.evaluations, evaluations);
    }
    assert.equal(asked.length, evaluations);
    assert(evaluations <= steps);
  }));
});

Deno.test("sample() asks the model about the places that it reveals and the sequences they are in", async () => {
  const { recorder, asked } = recordingDenoiser(denoiser);
  const moments = await frames([masks(5), masks(5)], { steps: 3 }, recorder);
  const busy = moments.flatMap((frame, i) => frame.revealed.length > 0 ? [i] : []);
  assert.equal(busy.length, asked.length);
  for (const [n, i] of busy.entries()) {
    const [before, { revealed }] = [moments[i - 1]!.sequences, moments[i]!];
    const touched = [0, 1].filter((b) => revealed.some((place) => Math.floor(place / 5) === b));
    assert.deepEqual(await asked[n]!.tokens, touched.map((b) => [...before[b]!]));
    const rows = Array.from(
      revealed,
      (place) => 5 * touched.indexOf(Math.floor(place / 5)) + place % 5,
    );
    assert.deepEqual((await asked[n]!.rows).flat(), rows);
  }
});

Deno.test("sample() asks nothing and changes nothing where nothing is masked", async () => {
  const template = Int32Array.of(3, 1, 0, 2, 2);
  const last = await lastFrame(sample(denoiser, [template], { rng: new Rng(1) }));
  assert.deepEqual(last.sequences, [template]);
  assert.equal(last.evaluations, 0);
});

Deno.test("sample() takes as many steps as there are characters, unless told otherwise", async () => {
  assert.equal((await frames([masks(4)])).length, 5);
});

Deno.test("sample() draws from the softmax of the logits, divided by the temperature", async () => {
  const templates = Array.from({ length: 20_000 }, () => masks(2));
  for (const temperature of [0.5, 1, 3]) {
    const { sequences } = (await frames(templates, { steps: 1, temperature }))[1]!;
    for (const place of [0, 1]) {
      const counts = tally(V, sequences.length, (b) => sequences[b]![place]!);
      assertFrequencies(counts, softmax(LOGITS[place]!.map((x) => x / temperature)));
    }
  }
});

Deno.test("sample() draws places of one step, and sequences, independently of each other", async () => {
  const templates = Array.from({ length: 20_000 }, () => masks(2));
  const { sequences } = (await frames(templates, { steps: 1 }))[1]!;
  const [first, second] = LOGITS.map((row) => softmax(row)) as [number[], number[]];
  const product = (a: number[], b: number[]) => a.flatMap((p) => b.map((q) => p * q));
  const places = tally(V * V, 20_000, (b) => sequences[b]![0]! * V + sequences[b]![1]!);
  assertFrequencies(places, product(first, second));
  const pairs = tally(V * V, 10_000, (n) => sequences[2 * n]![0]! * V + sequences[2 * n + 1]![0]!);
  assertFrequencies(pairs, product(first, first));
});

Deno.test("sample() comes to the mode as the temperature goes to zero", async () => {
  for (const temperature of [1e-3, 1e-300, Number.MIN_VALUE]) {
    const moments = await frames([masks(5), masks(5)], { temperature });
    assert.deepEqual(moments.at(-1)!.sequences, [Int32Array.from(MODES), Int32Array.from(MODES)]);
  }
});

Deno.test("sample() reveals a number of masks that is binomial, with the posterior's probability", async () => {
  const templates = Array.from({ length: 10_000 }, () => masks(3));
  for (const schedule of [linear, cosine]) {
    const moments = await frames(templates, { steps: 3, schedule });
    const first = tally(
      4,
      templates.length,
      (b) => moments[1]!.sequences[b]!.filter((id) => !isMask(id)).length,
    );
    const p = revealProbability(schedule, 2 / 3, 1);
    assertFrequencies(first, first.map((_, k) => binomial(3, k) * p ** k * (1 - p) ** (3 - k)));

    const hidden = templates.flatMap((_, b) => {
      const [before, after] = [moments[1]!.sequences[b]!, moments[2]!.sequences[b]!];
      return [...before].flatMap((id, i) => isMask(id) ? [isMask(after[i]!) ? 1 : 0] : []);
    });
    const next = revealProbability(schedule, 1 / 3, 2 / 3);
    assertFrequencies(tally(2, hidden.length, (i) => hidden[i]!), [next, 1 - next]);
  }
});

Deno.test("sample() draws the same from the same seed, and something else from another", async () => {
  const templates = [masks(5), masks(5), masks(5)];
  const draw = (seed: number) => frames(templates, { rng: new Rng(seed) });
  assert.deepEqual(await draw(1), await draw(1));
  assert.notDeepEqual(await draw(1), await draw(2));
});

Deno.test("sample() hands out copies", async () => {
  const steps = sample(denoiser, [masks(3)], { rng: new Rng(1) });
  const found: Frame[] = [];
  for await (const frame of steps) {
    found.push(structuredClone(frame));
    frame.sequences[0]!.fill(0);
    frame.confidences[0]!.fill(0);
  }
  assert.deepEqual(found, await frames([masks(3)]));
});

Deno.test("sample() with a transformer leaves no tensors behind, even when left early", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const templates = [new Int32Array(6).fill(TINY.vocabularySize)];
  await assertNoLeak(() => frames(templates, {}, model));
  await assertNoLeak(async () => {
    for await (const { evaluations } of sample(model, templates, { rng: new Rng(1) })) {
      if (evaluations === 1) break;
    }
  });
});

Deno.test("sample() throws when interrupted, and listens no longer than it runs", async () => {
  using interrupt = fakeInterrupt();
  const seen: Frame[] = [];
  const frames = sample(denoiser, [masks(5)], {
    sampler: randomOrder({ steps: 5 }),
    rng: new Rng(1),
  });
  await assert.rejects(async () => {
    for await (const frame of frames) {
      assert.equal(interrupt.listeners.size, 1);
      if (seen.push(frame) === 3) interrupt.press();
    }
  }, { name: "Interrupted", message: "Stopped with 3 of 5 characters still masked." });
  assert.equal(seen.length, 3);
  assert.equal(interrupt.listeners.size, 0);
  const steps = sample(denoiser, [masks(5)], { rng: new Rng(1) });
  await steps.next();
  await steps.return(undefined);
  assert.equal(interrupt.listeners.size, 0);
});

Deno.test("sample() is finished if the interrupt comes with the last frame", async () => {
  using interrupt = fakeInterrupt();
  for await (const { time } of sample(denoiser, [masks(5)], { rng: new Rng(1) })) {
    if (time === 0) interrupt.press();
  }
});

Deno.test("sample() lets in what waits outside, such as Ctrl-C, while it computes", async () => {
  const slow: Denoiser = {
    vocabularySize: denoiser.vocabularySize,
    context: denoiser.context,
    logits(tokens, rows) {
      const end = performance.now() + 150;
      while (performance.now() < end);
      return denoiser.logits(tokens, rows);
    },
  };
  let waiting = true;
  const timer = setTimeout(() => waiting = false);
  for await (const _ of sample(slow, [masks(3)], { rng: new Rng(1) }));
  clearTimeout(timer);
  assert.equal(waiting, false);
});

Deno.test("sample() throws if an option makes no sense", async () => {
  const cases: [templates: Int32Array[], options: Partial<SampleOptions>, message: RegExp][] = [
    [[], {}, /at least one template/],
    [[masks(0)], {}, /Cannot sample 0 characters: this model writes 1 to 5 at a time/],
    [[masks(6)], {}, /Cannot sample 6 characters/],
    [[masks(3), masks(4)], {}, /different lengths/],
    [[masks(3)], { steps: 0 }, /Cannot sample in 0 steps/],
    [[masks(3)], { steps: 1.5 }, /Cannot sample in 1.5 steps/],
    [[masks(3)], { temperature: 0 }, /The temperature is 0: it must be above 0/],
    [[masks(3)], { temperature: -1 }, /The temperature is -1/],
    [[masks(3)], { temperature: NaN }, /The temperature is NaN/],
  ];
  for (const [templates, options, message] of cases) {
    await assert.rejects(frames(templates, options), { name: "RangeError", message });
  }
});

Deno.test("sample() throws if the model is causal", async () => {
  const model = { ...denoiser, causal: true };
  const message = /cannot fill in masks/;
  await assert.rejects(frames([masks(3)], {}, model), { name: "RangeError", message });
});

Deno.test("lastFrame() is the last one, and throws if there is none", async () => {
  const all = await frames([masks(4)]);
  assert.deepEqual(await lastFrame(sample(denoiser, [masks(4)], { rng: new Rng(1) })), all.at(-1));
  const none = (async function* (): AsyncGenerator<Frame> {})();
  await assert.rejects(lastFrame(none), { name: "RangeError", message: /without frames/ });
});

Deno.test("promptTemplate() is the prompt and then masks, and throws if there is nothing to write", () => {
  const prompt = Int32Array.of(1, 2);
  const options = { maskId, length: 4 };
  assert.deepEqual(promptTemplate(prompt, options), Int32Array.of(1, 2, maskId, maskId));
  for (const length of [2, 1, NaN]) {
    assert.throws(() => promptTemplate(prompt, { maskId, length }), {
      name: "RangeError",
      message: `The prompt has 2 characters, which leaves none of ${length} to write: ` +
        `shorten it, or write a longer text.`,
    });
  }
});

Deno.test("copies() is one template several times, and throws if that is no number", () => {
  const template = Int32Array.of(1, 2);
  assert.deepEqual(copies(template, 3), [template, template, template]);
  for (const count of [0, -1, 1.5, NaN]) {
    assert.throws(() => copies(template, count), {
      name: "RangeError",
      message: `Cannot write ${count} texts: give a whole number of at least 1.`,
    });
  }
});

/** Reads half a million places, and holds all characters for equally likely behind a mask. */
const patient: Predictor = {
  vocabularySize: V,
  context: 2 ** 19,
  causal: false,
  logits: ({ rows }) => Promise.resolve(new Float32Array(V * rows.length)),
  surprisals: () => Promise.reject(new Error("Nobody asks.")),
};

Deno.test("sampleInLots() writes more texts than fit side by side, the first lot as ever", async () => {
  const template = new Int32Array(2 ** 19); // so that two fill a lot
  template.fill(maskId, 5, 9);
  const options = { sampler: randomOrder({ steps: 1 }) };
  const lots: Int32Array[][] = [];
  const shares: number[] = [];
  for await (
    const { lot, frame, share } of sampleInLots(patient, template, {
      ...options,
      count: 3,
      rng: new Rng(1),
    })
  ) {
    lots[lot] = frame.sequences.map((ids) => ids.slice(5, 9));
    shares.push(share);
  }
  assert.deepEqual(lots.map(({ length }) => length), [2, 1]);
  assert.deepEqual(shares, [0, 2 / 3, 2 / 3, 1]);
  const rng = new Rng(1);
  const first = await lastFrame(sample(patient, [template, template], { ...options, rng }));
  assert.deepEqual(lots[0], first.sequences.map((ids) => ids.slice(5, 9)));
  assert.notDeepEqual(lots[1]![0], lots[0]![0]);
});

Deno.test("sampleInLots() stops between two lots, too", async () => {
  using interrupt = fakeInterrupt();
  const template = new Int32Array(2 ** 19).fill(0);
  template[0] = maskId;
  const lots: number[] = [];
  await assert.rejects(async () => {
    const options = { sampler: randomOrder({ steps: 1 }), count: 3, rng: new Rng(1) };
    for await (const { lot, share } of sampleInLots(patient, template, options)) {
      lots.push(lot);
      if (share > 0) interrupt.press(); // with the last frame of the first
    }
  }, { name: "Interrupted", message: "Stopped after 2 of 3 texts." });
  assert.deepEqual(lots, [0, 0]);
});

Deno.test("sampleInLots() has written all once no mask is left, whatever the time", async () => {
  const template = new Int32Array(2).fill(maskId);
  for (const sampler of [firstHitting(), confidenceThreshold()]) {
    for (const start of [template, Int32Array.of(0, 1)]) {
      const options = { sampler, count: 2, rng: new Rng(1) };
      const frames = await Array.fromAsync(sampleInLots(patient, start, options));
      assert.equal(frames.at(-1)!.share, 1);
    }
  }
});

Deno.test("sample() refuses more than memory should hold, and so does a prompt", async () => {
  const message =
    /^3 texts of 524288 characters would take .+: write 1048576 characters at the most/;
  const templates = copies(new Int32Array(2 ** 19), 3);
  await assert.rejects(lastFrame(sample(patient, templates, { rng: new Rng(1) })), {
    name: "RangeError",
    message,
  });
  assert.equal(textsAtOnce({ vocabularySize: 65 }, 128), 1008);
  assert.equal(textsAtOnce({ vocabularySize: 6000 }, 128), 10);
  for (const length of [1e7, 1e15]) {
    assert.throws(() => promptTemplate(new Int32Array(), { length, maskId: 65 }), {
      name: "RangeError",
      message: /^A text of 10+ characters would take too much memory: write 129055 characters/,
    });
  }
});
