import assert from "node:assert/strict";
import { costsByMasks, costsByOrder } from "dlm/languages/enumeration.ts";
import { weather } from "dlm/languages/known_languages.ts";
import { assertClose } from "../_support.ts";

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
