import assert from "node:assert/strict";
import fc from "fast-check";
import { createCorpus } from "dlm/corpus.ts";
import { ngramBits, trainNgram } from "dlm/measures/ngram.ts";
import { fakeInterrupt } from "../_support.ts";

const V = 3;
const text = fc.array(fc.nat(V - 1), { minLength: 1, maxLength: 40 })
  .map((ids) => Int32Array.from(ids));

Deno.test("trainNgram() gives probabilities that add up to 1 after any context", async () => {
  await fc.assert(fc.asyncProperty(text, text, fc.nat(4), async (train, context, order) => {
    const model = await trainNgram(train, { order, vocabularySize: V });
    const sum = [0, 1, 2].reduce((sum, next) => sum + model.probability(next, context), 0);
    assert(Math.abs(sum - 1) < 1e-12);
  }));
});

Deno.test("trainNgram() mixes the orders as Witten and Bell do", async () => {
  const [a, b, c] = [0, 1, 2];
  const model = await trainNgram(Int32Array.of(a, b, a, b, a, a), { order: 2, vocabularySize: V });
  // Counted: a 4, b 2 of 6, two kinds; after a: b 2, a 1 of 3, two kinds; after b: a 2 of 2, one kind.
  const alone = [(4 + 2 / 3) / 8, (2 + 2 / 3) / 8, 2 / 3 / 8];
  const near = (actual: number, expected: number) =>
    assert(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);
  near(model.probability(b, Int32Array.of()), alone[b]!);
  near(model.probability(b, Int32Array.of(a)), (2 + 2 * alone[b]!) / 5);
  near(model.probability(a, Int32Array.of(c, b)), (2 + alone[a]!) / 3);
  near(model.probability(c, Int32Array.of(c)), alone[c]!); // c was never seen: nothing follows it
});

Deno.test("trainNgram() looks at no more than n - 1 characters", async () => {
  const train = Int32Array.of(0, 1, 2, 0, 1, 1, 2, 0, 0, 2, 1);
  const model = await trainNgram(train, { order: 3, vocabularySize: V });
  assert.equal(
    model.probability(2, Int32Array.of(0, 0, 1)),
    model.probability(2, Int32Array.of(2, 0, 1)),
  );
});

Deno.test("surprisals() are -log p of each token after those before it", async () => {
  await fc.assert(fc.asyncProperty(text, text, async (train, split) => {
    const model = await trainNgram(train, { order: 3, vocabularySize: V });
    assert.deepEqual(
      model.surprisals(split),
      Float64Array.from(split, (next, i) => -Math.log(model.probability(next, split.slice(0, i)))),
    );
  }));
});

Deno.test("trainNgram() throws if the order is not a whole number from 0 to 10", async () => {
  for (const order of [1.5, -1, NaN, 11, 1e9]) {
    await assert.rejects(
      trainNgram(Int32Array.of(0), { order, vocabularySize: V }),
      RangeError,
    );
  }
  const longest = await trainNgram(Int32Array.of(0, 1), { order: 10, vocabularySize: V });
  assert.equal(longest.surprisals(Int32Array.of(0, 1)).length, 2);
});

Deno.test("ngramBits() of order 0 are those of a blind guess", async () => {
  assert.equal(await ngramBits(createCorpus("four", "abcd".repeat(10)), 0), 2);
});

Deno.test("ngramBits() measure the validation split with what the training split taught", async () => {
  const corpus = createCorpus("ab", "aaaaaaaaab"); // nine to learn from, one to measure
  const p = (0 + 1 * 1 / 2) / (9 + 1); // never counted, and one kind of character was
  assert.equal(await ngramBits(corpus, 1), -Math.log(p) / Math.LN2);
});

Deno.test("trainNgram() predicts nothing when interrupted", async () => {
  using interrupt = fakeInterrupt();
  const training = trainNgram(new Int32Array(40_000), { order: 3, vocabularySize: V });
  interrupt.press();
  await assert.rejects(training, {
    name: "Interrupted",
    message: "Stopped after 0 of 40000 characters.",
  });
});

Deno.test("ngramBits() of a split in windows begin each with an empty page", async () => {
  const corpus = createCorpus("ab", "ab".repeat(200) + "ab".repeat(20));
  const whole = await ngramBits(corpus, 2);
  const cut = await ngramBits(corpus, 2, { window: 4 });
  const model = await trainNgram(corpus.train, { order: 2, vocabularySize: 2 });
  const nats = model.surprisals(corpus.validation.subarray(0, 4)); // all windows are alike
  const mean = nats.reduce((sum, value) => sum + value, 0) / 4 / Math.LN2;
  assert(Math.abs(cut - mean) < 1e-12 && cut > whole + 0.1, `${cut}, ${mean}, ${whole}`);
  const longer = await ngramBits(corpus, 2, { window: corpus.validation.length });
  assert(Math.abs(longer - whole) < 1e-12);
});
