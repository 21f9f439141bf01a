import assert from "node:assert/strict";
import { mean } from "simple-statistics";
import { averageCosts, costsByMasks, costsByOrder } from "dlm/languages/enumeration.ts";
import { weather } from "dlm/languages/known_languages.ts";
import { Transformer } from "dlm/model.ts";
import { losses, pack } from "../_batches.ts";
import { conditional, language, maskId, possibleTexts } from "../_languages.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { assertClose, randomParameters, TINY } from "../_support.ts";

const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

Deno.test("costsByMasks() add up to -log p, for every text, if the denoiser is exact", async () => {
  for (const text of possibleTexts) {
    assertClose([sum(await costsByMasks(language, text))], [language.surprisal(text)], 3e-6);
  }
});

Deno.test("costsByMasks() are means over sets of places, and over the places of each", async () => {
  for (const text of possibleTexts) {
    const cost = (shown: number[], place: number) =>
      -Math.log(
        conditional(text.map((id, i) => shown.includes(i) ? id : maskId), place, text[place]!),
      );
    const one = mean([cost([1, 2], 0), cost([0, 2], 1), cost([0, 1], 2)]);
    const two = mean([
      ...[cost([2], 0), cost([2], 1)],
      ...[cost([1], 0), cost([1], 2)],
      ...[cost([0], 1), cost([0], 2)],
    ]);
    const three = mean([cost([], 0), cost([], 1), cost([], 2)]);
    assertClose(await costsByMasks(language, text), [one, two, three], FLOAT32_TOLERANCE);
  }
});

Deno.test("averageCosts() add up to the entropy, and the last is that of a single character", async () => {
  const costs = await averageCosts(language); // in which one text cannot be
  assertClose([costs.reduce((a, b) => a + b)], [language.entropy], FLOAT32_TOLERANCE);
  const entropies = [0, 1, 2].map((place) => {
    const blank = new Int32Array(3).fill(maskId);
    const shares = [0, 1, 2].map((id) => conditional(blank, place, id));
    return shares.reduce((nats, p) => nats - p * Math.log(p), 0);
  });
  assertClose([costs[2]!], [mean(entropies)], FLOAT32_TOLERANCE);
});

Deno.test("costsByOrder() goes through every order once, from left to right first", async () => {
  const orders = (await costsByOrder(language, possibleTexts[0]!)).map(({ order }) =>
    order.join("")
  );
  assert.deepEqual(orders, ["012", "021", "102", "120", "201", "210"]);
});

Deno.test("costsByOrder() asks for each character given those before it in the order", async () => {
  const config = { ...TINY, context: 4 };
  using model = new Transformer(config, randomParameters(config, 1));
  const clean = Int32Array.of(2, 0, 4, 2);
  const costs = await costsByOrder(model, clean);
  assert.equal(costs.length, 24);
  for (const { order, nats } of costs) {
    const steps = order.map((place, i) => {
      const hidden = order.slice(i);
      const noisy = clean.map((id, j) => hidden.includes(j) ? config.vocabularySize : id);
      return { clean, noisy, weights: new Float32Array(4).with(place, 1) };
    });
    assertClose([nats], [sum(await losses(model, pack(steps)))], FLOAT32_TOLERANCE);
  }
});

Deno.test("the costs by masks add up to the mean of the costs by order, in any model", async () => {
  const config = { ...TINY, context: 9 };
  using model = new Transformer(config, randomParameters(config, 1));
  const text = Int32Array.of(2, 0, 4, 2, 1);
  const byOrder = (await costsByOrder(model, text)).map(({ nats }) => nats);
  assertClose([sum(await costsByMasks(model, text))], [mean(byOrder)], FLOAT32_TOLERANCE);
  const long = Int32Array.of(0, 1, 2, 3, 4, 0, 1, 2, 3); // 512 sets
  assert.equal((await costsByMasks(model, long)).filter((nats) => nats > 0).length, 9);
});

Deno.test("texts that are empty or too long to enumerate are refused", async () => {
  for (
    const [length, ask, most] of [
      [0, costsByMasks, 12],
      [13, costsByMasks, 12],
      [0, costsByOrder, 9],
      [10, costsByOrder, 9],
    ] as const
  ) {
    await assert.rejects(ask(language, new Int32Array(length)), {
      name: "RangeError",
      message: new RegExp(`A text of ${length} characters .* choose one of 1 to ${most}\\.`),
    });
  }
});

Deno.test("texts with an id that is no character's are refused", async () => {
  for (const id of [-1, language.vocabularySize]) {
    await assert.rejects(costsByOrder(language, Int32Array.of(0, id)), {
      name: "RangeError",
      message: `The model knows no character with the id ${id}: ` +
        `give ids from 0 to ${language.vocabularySize - 1}.`,
    });
  }
});

Deno.test("texts of 1 and of 12 characters can still be masked in all ways", async () => {
  const [one, twelve] = [weather(1), weather(12)];
  const letter = Int32Array.of(2);
  assertClose([...await costsByMasks(one, letter)], [one.surprisal(letter)], 1e-6);
  const [order, ...others] = await costsByOrder(one, letter);
  assert.deepEqual([order!.order, others], [[0], []]);
  const text = Int32Array.from({ length: 12 }, (_, i) => i % 3);
  const costs = await costsByMasks(twelve, text);
  assertClose([costs.reduce((a, b) => a + b)], [twelve.surprisal(text)], 1e-5);
});
