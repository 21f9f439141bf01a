import assert from "node:assert/strict";
import { rankTemplates } from "dlm/measures/infill.ts";
import {
  enumeratedLanguage,
  enumerateTexts,
  markovLanguage,
} from "dlm/languages/known_languages.ts";
import { assertClose } from "../_support.ts";

const [V, T, _] = [3, 5, 3]; // `_` is a mask
const texts = enumerateTexts(V, T);
const weights = texts.map((_, i) => 1 + (7 * i * i + 3 * i) % 23);
const total = weights.reduce((a, b) => a + b, 0);
const probabilities = weights.map((weight) => weight / total);
const language = enumeratedLanguage({ vocabularySize: V, length: T, probabilities });

/** The probability that a text of the language begins like a template. */
function probability(template: readonly number[]): number {
  const fits = (text: Int32Array) => template.every((id, i) => id === _ || id === text[i]);
  return probabilities.reduce((sum, p, i) => fits(texts[i]!) ? sum + p : sum, 0);
}

const rank = (templates: number[][], rounds = 8) =>
  rankTemplates(language, templates.map((ids) => Int32Array.from(ids)), { rounds });

Deno.test("rankTemplates() finds how probable what is given is, whatever is in the holes", async () => {
  const templates = [[1, 2], [1, _, 2], [1, _, _, 2], [1, _, _, _, 2]];
  const expected = templates.map((ids) => probability(ids) / probability([1]));
  const ranked = await rank(templates); // one character after the hole: nothing random
  assertClose(ranked.map(({ nats }) => nats), expected.map((p) => -Math.log(p)), 1e-5);
  assert(ranked.every(({ standardError }) => standardError < 1e-6));
  const sum = expected.reduce((a, b) => a + b, 0);
  assertClose(ranked.map(({ probability }) => probability), expected.map((p) => p / sum), 1e-5);
  assert.deepEqual(ranked.map(({ template }) => [...template]), templates);
});

Deno.test("rankTemplates() is right on average where more is given after the hole", async () => {
  const templates = [[1, 2, 0], [1, _, 2, 0], [1, _, _, 2, 0], [_, _, 2, _, 0]];
  const ranked = await rank(templates, 200);
  ranked.forEach(({ nats, standardError }, i) => {
    const truth = -Math.log(probability(templates[i]!)); // the templates begin with nothing alike
    assert(Math.abs(nats - truth) < 4 * standardError, `${nats} ± ${standardError}, not ${truth}`);
    assert(standardError < 0.05);
  });
});

Deno.test("rankTemplates() finds the one length that a deterministic language allows", async () => {
  const transitions = [[0, 1, 0], [0, 0, 1], [1, 0, 0]];
  const circle = markovLanguage({ length: 7, initial: [1 / 3, 1 / 3, 1 / 3], transitions });
  const templates = [1, 2, 3, 4].map((n) => Int32Array.of(0, ...new Array(n).fill(_), 0));
  const ranked = await rankTemplates(circle, templates);
  assertClose(ranked.map(({ probability }) => probability), [0, 1, 0, 0], 1e-6);
});

Deno.test("rankTemplates() throws if there is nothing to compare", async () => {
  const cases: [number[][], RegExp][] = [
    [[], /at least 2 templates/],
    [[[1, _, 2]], /at least 2 templates/],
    [[[1, _], [1, _, _]], /Nothing is given after the hole/],
    [[[1, _, 2], [1, _, 2]], /Nothing is given after the hole/],
    [[[1, _, 2], [1, _, _, _, _, 2]], /6 characters.*reads 5 at a time/],
    [[[1, _, 2], [1, _, _, 2], [1, _, _, _, _, _, 2]], /longest template has 7 characters/],
  ];
  for (const [templates, message] of cases) {
    await assert.rejects(rank(templates), { name: "RangeError", message });
  }
});

Deno.test("rankTemplates() refuses a template that is too long before it measures any", async () => {
  let asked = false;
  const model = {
    ...language,
    logits(...input: Parameters<typeof language.logits>) {
      asked = true;
      return language.logits(...input);
    },
  };
  const templates = [[1, _, 2], [1, _, _, _, _, 2]].map((ids) => Int32Array.from(ids));
  await assert.rejects(rankTemplates(model, templates), { name: "RangeError" });
  assert(!asked);
});

Deno.test("rankTemplates() tells that a causal model fills in nothing", async () => {
  const templates = [Int32Array.of(1, 2, 0), Int32Array.of(1, _, 2, 0)];
  await assert.rejects(rankTemplates({ ...language, causal: true }, templates), {
    name: "RangeError",
    message: /^A causal model .* cannot fill in masks/,
  });
});

Deno.test("rankTemplates() depends on its seed, and tells how far it has come", async () => {
  const templates = [[1, 2, 0, 1], [1, _, 2, 0, 1]].map((ids) => Int32Array.from(ids));
  const shares: number[] = [];
  const onProgress = (share: number) => void shares.push(share);
  const rank = (seed: number) => rankTemplates(language, templates, { seed, onProgress });
  const first = await rank(1);
  assert.deepEqual(shares, [0.5, 1]);
  assert.deepEqual(await rank(1), first);
  assert.notDeepEqual(await rank(2), first);
});
