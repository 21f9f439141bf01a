import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import type { Denoiser } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import {
  enumeratedLanguage,
  type EnumeratedLanguageOptions,
  enumerateTexts,
  type KnownLanguage,
  markovLanguage,
  type MarkovLanguageOptions,
  weather,
} from "dlm/languages/known_languages.ts";
import { assertFrequencies, tally } from "../_statistics.ts";
import { assertClose, assertNoLeak, take, testOnEachBackend } from "../_support.ts";
import * as toy from "../_languages.ts";
import { everyNoisy, language, maskId, probabilityOf, T, texts, V } from "../_languages.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";

/** A chain with a character that never comes first, one that never comes twice, and no symmetry. */
const chainOptions: MarkovLanguageOptions = {
  length: 4,
  initial: [0.7, 0.3, 0],
  transitions: [[0.2, 0.5, 0.3], [0.6, 0, 0.4], [0.1, 0.75, 0.15]],
};
const chain = markovLanguage(chainOptions);

/** The same language, written down whole. */
const chainTexts = enumerateTexts(3, 4);
const chainProbabilities = chainTexts.map(([first, ...rest]) => {
  let [p, before] = [chainOptions.initial[first!]!, first!];
  for (const id of rest) [p, before] = [p * chainOptions.transitions[before]![id]!, id];
  return p;
});
const writtenChain = enumeratedLanguage({
  vocabularySize: 3,
  length: 4,
  probabilities: chainProbabilities,
});

/** The probabilities, `[N, V]`, that a denoiser gives to what is behind `[B, T]` tokens. */
async function predict(denoiser: Denoiser, tokens: Int32Array[], rows?: number[]) {
  const ids = tokens.map((sequence) => [...sequence]);
  const probabilities = tf.tidy(() => {
    const places = rows && tf.tensor1d(rows, "int32");
    return tf.exp(denoiser.logits(tf.tensor2d(ids, undefined, "int32"), places));
  });
  return await take(probabilities);
}

Deno.test("enumerateTexts() counts up with V digits", () => {
  assert.deepEqual(enumerateTexts(2, 2).map((text) => text.join("")), ["00", "01", "10", "11"]);
  assert.deepEqual(enumerateTexts(3, 4)[3 * 27 - 1], Int32Array.of(2, 2, 2, 2));
});

testOnEachBackend("an enumerated language's logits are its conditional probabilities", async () => {
  const possible = everyNoisy.filter((noisy) => probabilityOf(noisy) > 0);
  assert(possible.length < everyNoisy.length, "some of what can show is impossible");
  const found = await predict(language, possible);
  const expected = possible.flatMap((noisy) =>
    Array.from(noisy, (_, i) => [0, 1, 2].map((id) => toy.conditional(noisy, i, id)))
  );
  assertClose(found.flat(), expected.flat(), FLOAT32_TOLERANCE);
});

testOnEachBackend("a chain's logits are those of the same language written down", async () => {
  const everything = enumerateTexts(4, 4); // 3 is the mask
  const written = (await predict(writtenChain, everything)).flat();
  assertClose((await predict(chain, everything)).flat(), written, FLOAT32_TOLERANCE);
});

Deno.test("logits() of some rows are those rows of all logits", async () => {
  for (const known of [language, chain]) {
    const tokens = [1, 2].map((id) => new Int32Array(known.context).fill(maskId).with(1, id));
    const all = await predict(known, tokens);
    const rows = [known.context + 2, 0];
    assert.deepEqual(await predict(known, tokens, rows), rows.map((row) => all[row]));
  }
});

testOnEachBackend("what cannot be has a logit of -1e9, and what shows so everywhere", async () => {
  const raw = async (known: KnownLanguage, tokens: number[]) =>
    await take(tf.tidy(() => known.logits(tf.tensor2d([tokens], undefined, "int32"))));
  const never = texts[11]!;
  for (const row of await raw(language, [...never])) assert.deepEqual(row, [-1e9, -1e9, -1e9]);
  const [, , last] = await raw(language, [never[0]!, never[1]!, maskId]);
  assert.equal(last![never[2]!], -1e9);
  const [first, second] = await raw(chain, [maskId, 1, maskId, maskId]);
  assert.equal(first![2], -1e9); // never comes first
  assert.deepEqual(second, [-1e9, 0, -1e9]); // shows
  for (const row of await raw(chain, [0, 1, 1, maskId])) assert.deepEqual(row, [-1e9, -1e9, -1e9]);
});

Deno.test("entropy is the mean surprisal of the language's texts", () => {
  const mean = (known: KnownLanguage, texts: Int32Array[], probabilities: readonly number[]) =>
    texts.reduce(
      (sum, text, n) => probabilities[n] ? sum + probabilities[n]! * known.surprisal(text) : sum,
      0,
    );
  const cases = [
    [language, texts, toy.probabilities],
    [chain, chainTexts, chainProbabilities],
    [writtenChain, chainTexts, chainProbabilities],
  ] as const;
  for (const [known, texts, probabilities] of cases) {
    assertClose([known.entropy], [mean(known, [...texts], probabilities)], 1e-12);
  }
  const even = enumeratedLanguage({
    vocabularySize: 2,
    length: 2,
    probabilities: new Array(4).fill(1 / 4),
  });
  assertClose([even.entropy], [2 * Math.LN2], 1e-12);
});

Deno.test("surprisal() is -log p of a text", () => {
  texts.forEach((text, n) =>
    assert.equal(language.surprisal(text), -Math.log(toy.probabilities[n]!))
  );
  const possible = chainTexts.filter((_, n) => chainProbabilities[n]! > 0);
  assertClose(
    possible.map(chain.surprisal),
    possible.map(writtenChain.surprisal),
    1e-12,
  );
  assert.equal(chain.surprisal(Int32Array.of(2, 0, 0, 0)), Infinity);
});

Deno.test("draw() draws each text with its probability", () => {
  const rng = new Rng(2);
  const cases = [[language, V, T, toy.probabilities], [chain, 3, 4, chainProbabilities]] as const;
  for (const [known, size, , probabilities] of cases) {
    const number = (text: Int32Array) => text.reduce((n, id) => n * size + id, 0);
    const counts = tally(probabilities.length, 20_000, () => number(known.draw(rng)));
    assertFrequencies(counts, probabilities);
  }
  const first = language.draw(new Rng(3)).fill(-1);
  assert.notDeepEqual(language.draw(new Rng(3)), first, "a copy");
});

Deno.test("weather() is sunny half of the time at first, and stays so with 0.7", () => {
  assert.equal(weather().context, 5);
  const sun = Int32Array.of(2, 2, 2);
  assert(Math.abs(weather(3).surprisal(sun) + Math.log(0.5 * 0.7 * 0.7)) < 1e-12);
});

Deno.test("a chain of any length leaves no tensors behind", async () => {
  const long = markovLanguage({ ...chainOptions, length: 50 });
  await assertNoLeak(async () => {
    const rows = await predict(long, [new Int32Array(50).fill(maskId), long.draw(new Rng(1))]);
    for (const row of rows) assertClose([row.reduce((a, b) => a + b)], [1], FLOAT32_TOLERANCE);
    await predict(language, [new Int32Array(3).fill(maskId)], [1]);
  });
});

Deno.test("a language throws if its probabilities are none", () => {
  const even = { vocabularySize: 2, length: 2, probabilities: [0.25, 0.25, 0.25, 0.25] };
  const written: [change: Partial<EnumeratedLanguageOptions>, message: RegExp][] = [
    [{ length: 3 }, /There are 8 texts of 3 out of 2 characters, not 4/],
    [{ probabilities: [0.5, 0.5, 0.5, 0.5] }, /add up to 1, not to 2/],
    [{ probabilities: [1.5, -0.5, 0, 0] }, /are positive or zero, but one is -0.5/],
    [{ probabilities: [NaN, 1, 0, 0] }, /but one is NaN/],
    [{ length: 0 }, /No text has a length of 0: give a whole number of at least 1\./],
    [{ length: 21 }, /The texts of 21 out of 2 characters are too many to write down: choose/],
    [{ vocabularySize: 2 ** 20 + 1, length: 1 }, /characters are too many to write down/],
  ];
  for (const [change, message] of written) {
    const make = () => enumeratedLanguage({ ...even, ...change });
    assert.throws(make, { name: "RangeError", message });
  }
  const chains: [change: Partial<MarkovLanguageOptions>, message: RegExp][] = [
    ...[0, -1, 2.5, NaN].map((length): [{ length: number }, RegExp] => [
      { length },
      new RegExp(`No text has a length of ${length}: give a whole number of at least 1`),
    ]),
    [{ initial: [0.5, 0.5] }, /A chain of 2 characters has 2 × 2 transitions/],
    [{ initial: [0.5, 0.4, 0.2] }, /add up to 1/],
    [{ transitions: [[0.5, 0.5], [1, 0], [0, 1]] }, /A chain of 3 characters has 3 × 3/],
    [{ transitions: [[0.5, 0.5, 0.5], [1, 0, 0], [0, 0, 1]] }, /add up to 1/],
  ];
  for (const [change, message] of chains) {
    const make = () => markovLanguage({ ...chainOptions, ...change });
    assert.throws(make, { name: "RangeError", message });
  }
});
