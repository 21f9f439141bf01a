import assert from "node:assert/strict";
import { Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { groupCharacters, surprisalMap } from "dlm/measures/surprisal_map.ts";
import { softmax, surprisals, toMatrices, transformer } from "../_reference.ts";
import { assertClose, assertNoLeak, lookupDenoiser, randomParameters, TINY } from "../_support.ts";

/** Gives each character a probability of its own, another one in each of four places. */
const LOGITS = [[2, 0, -1], [0, 0, 1], [1, -2, 0], [0, 3, 0]];
const rng = new Rng(1);
const text = Int32Array.from({ length: 46 }, () => rng.integer(3)); // the last window is short
const expected = Array.from(text, (id, i) => -Math.log2(softmax(LOGITS[i % 4]!)[id]!));

Deno.test("surprisalMap() finds what each character costs, once there are enough draws", async () => {
  const { context: _, ...lookup } = lookupDenoiser(LOGITS);
  // The short window has two places, which are the first two of the table all the same.
  const denoiser = {
    ...lookup,
    context: 4,
    logits: (
      tokens: Parameters<typeof lookup.logits>[0],
      rows?: Parameters<typeof lookup.logits>[1],
    ) => lookupDenoiser(LOGITS.slice(0, tokens.shape[1])).logits(tokens, rows),
  };
  const found = await surprisalMap(denoiser, text, { draws: 4000 });
  // A count k is drawn evenly, then a place is asked for in k / 4 of the draws: at worst, for
  // k = 1, a standard deviation of some 2 times its bits a draw, so 3 % after 4000.
  found.forEach((bits, i) => {
    assert(
      Math.abs(bits - expected[i]!) < 0.15 * expected[i]!,
      `${i}: ${bits}, not ${expected[i]}`,
    );
  });
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b) / 46;
  assert(Math.abs(mean(found) - mean(expected)) < 0.01 * mean(expected));
});

Deno.test("surprisalMap() of a causal model are its surprisals, exactly", async () => {
  const config = { ...TINY, causal: true };
  const parameters = randomParameters(config, 1);
  using model = new Transformer(config, parameters);
  const matrices = toMatrices(config, parameters);
  const ids = Int32Array.from({ length: 15 }, () => rng.integer(5));
  const nats = [ids.subarray(0, 6), ids.subarray(6, 12), ids.subarray(12)].flatMap((window) => {
    const logits = transformer(config, matrices, [[5, ...window.subarray(0, -1)]]);
    return surprisals(logits, [...window]);
  });
  const found = await surprisalMap(model, ids, { draws: 3, seed: 2 });
  assertClose(found, nats.map((value) => value / Math.LN2), 1e-5);
});

Deno.test("surprisalMap() is the same again from the same seed", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const ids = text.map((id) => id % 5);
  const first = await surprisalMap(model, ids, { seed: 5 });
  assert.deepEqual(await surprisalMap(model, ids, { seed: 5 }), first);
  assert.notDeepEqual(await surprisalMap(model, ids, { seed: 6 }), first);
  await assertNoLeak(() => surprisalMap(model, ids));
});

Deno.test("surprisalMap() throws if there is too little text, or an option makes no sense", async () => {
  const denoiser = lookupDenoiser(LOGITS);
  for (
    const [split, options, message] of [
      [text.subarray(0, 3), {}, /A window of 4 characters does not fit into 3/],
      [text, { draws: 0 }, /draws is 0/],
      [text, { draws: 1.5 }, /draws is 1.5/],
    ] as const
  ) {
    await assert.rejects(surprisalMap(denoiser, split, options), { name: "RangeError", message });
  }
});

Deno.test("groupCharacters() has the most expensive first, and shares of all characters", () => {
  const bits = Float64Array.of(1, 4, 2, 3, 10);
  const names = ["a", "b", "a", "b", undefined];
  assert.deepEqual(groupCharacters(bits, (place) => names[place]), [
    { name: "b", count: 2, bits: 3.5, share: 7 / 20 },
    { name: "a", count: 2, bits: 1.5, share: 3 / 20 },
  ]);
});
