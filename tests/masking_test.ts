import assert from "node:assert/strict";
import fc from "fast-check";
import { maskExactly, maskIndependently, samplePosterior } from "dlm/masking.ts";
import { Rng } from "dlm/rng.ts";
import { cosine, linear } from "dlm/schedule.ts";
import {
  assertFrequencies,
  binomial,
  maskPattern,
  patternProbabilities,
  tally,
} from "./_statistics.ts";

const maskId = 9;
const clean = Int32Array.of(3, 1, 4, 1);

const tokens = fc.array(fc.nat(maskId - 1)).map((ids) => Int32Array.from(ids));
const seeds = fc.nat();

/** Asserts that `noisy` is `clean`, but for masks. */
function assertOnlyMasks(noisy: Int32Array, clean: Int32Array): void {
  assert.equal(noisy.length, clean.length);
  noisy.forEach((id, i) => assert(id === maskId || id === clean[i]));
}

Deno.test("maskIndependently() writes masks, nothing else, and into a new array", () => {
  const alphas = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(tokens, alphas, seeds, (tokens, alpha, seed) => {
    const before = tokens.slice();
    const noisy = maskIndependently(tokens, { maskId, alpha, rng: new Rng(seed) });
    assertOnlyMasks(noisy, before);
    assert.deepEqual(tokens, before);
  }));
});

Deno.test("maskIndependently() keeps all at alpha = 1 and none at alpha = 0", () => {
  fc.assert(fc.property(tokens, seeds, (tokens, seed) => {
    const at = (alpha: number) => maskIndependently(tokens, { maskId, alpha, rng: new Rng(seed) });
    assert.deepEqual(at(1), tokens);
    assert(at(0).every((id) => id === maskId));
  }));
});

Deno.test("maskIndependently() masks each place by itself with probability 1 - alpha", () => {
  const rng = new Rng(1);
  const alpha = 0.7;
  const patterns = tally(
    16,
    50_000,
    () => maskPattern(maskIndependently(clean, { maskId, alpha, rng }), maskId),
  );
  assertFrequencies(patterns, patternProbabilities([0.3, 0.3, 0.3, 0.3]));
});

Deno.test("maskIndependently() masks a number of characters that is binomial", () => {
  const rng = new Rng(2);
  const [length, alpha] = [10, 0.4];
  const text = new Int32Array(length);
  const counts = tally(
    length + 1,
    100_000,
    () => maskIndependently(text, { maskId, alpha, rng }).filter((id) => id === maskId).length,
  );
  assertFrequencies(
    counts,
    counts.map((_, k) => binomial(length, k) * (1 - alpha) ** k * alpha ** (length - k)),
  );
});

Deno.test("maskIndependently() throws if alpha is no probability", () => {
  for (const alpha of [-0.1, 1.1, NaN]) {
    assert.throws(
      () => maskIndependently(clean, { maskId, alpha, rng: new Rng(1) }),
      { name: "RangeError", message: /a probability lies in \[0, 1\]/ },
    );
  }
});

Deno.test("maskExactly() writes exactly that many masks, and into a new array", () => {
  const cases = tokens.chain((tokens) => fc.tuple(fc.constant(tokens), fc.nat(tokens.length)));
  fc.assert(fc.property(cases, seeds, ([tokens, count], seed) => {
    const before = tokens.slice();
    const noisy = maskExactly(tokens, { maskId, count, rng: new Rng(seed) });
    assertOnlyMasks(noisy, before);
    assert.equal(noisy.filter((id) => id === maskId).length, count);
    assert.deepEqual(tokens, before);
  }));
});

Deno.test("maskExactly() chooses every set of places with the same probability", () => {
  const rng = new Rng(3);
  const text = new Int32Array(5);
  for (const count of [1, 2, 4]) {
    const sets = tally(
      32,
      20_000,
      () => maskPattern(maskExactly(text, { maskId, count, rng }), maskId),
    );
    const size = (set: number) => set.toString(2).replaceAll("0", "").length;
    assertFrequencies(
      sets,
      sets.map((_, set) => size(set) === count ? 1 / binomial(5, count) : 0),
    );
  }
});

Deno.test("maskExactly() throws unless the count is a whole number between 0 and T", () => {
  for (const count of [-1, 5, 1.5, NaN]) {
    assert.throws(() => maskExactly(clean, { maskId, count, rng: new Rng(1) }), {
      name: "RangeError",
      message: `Cannot mask ${count} of 4 characters: give a whole number between 0 and 4.`,
    });
  }
});

Deno.test("samplePosterior() reveals each mask by itself with (alpha_s - alpha_t) / (1 - alpha_t)", () => {
  const rng = new Rng(4);
  const [s, t] = [0.4, 0.8];
  const noisy = Int32Array.of(maskId, 1, maskId, maskId);
  const options = { clean, maskId, schedule: cosine, s, t, rng };
  const patterns = tally(16, 50_000, () => {
    const next = samplePosterior(noisy, options);
    assertOnlyMasks(next, clean);
    return maskPattern(next, maskId);
  });
  const [alphaS, alphaT] = [s, t].map((time) => 1 - Math.cos(Math.PI / 2 * (1 - time)));
  const stays = 1 - (alphaS! - alphaT!) / (1 - alphaT!);
  assertFrequencies(patterns, patternProbabilities([stays, 0, stays, stays]));
});

Deno.test("samplePosterior() after the noise of time t gives the noise of time s", () => {
  const rng = new Rng(5);
  const [s, t] = [0.3, 0.6];
  const patterns = tally(16, 50_000, () => {
    const noisy = maskIndependently(clean, { maskId, alpha: linear.alpha(t), rng });
    const options = { clean, maskId, schedule: linear, s, t, rng };
    return maskPattern(samplePosterior(noisy, options), maskId);
  });
  assertFrequencies(patterns, patternProbabilities([s, s, s, s]));
});

Deno.test("samplePosterior() never hides or changes what shows, and shows all at time 0", () => {
  fc.assert(fc.property(tokens, tokens, seeds, (clean, noisy, seed) => {
    // Any text for x_t: what shows stays, even where x_0 says otherwise.
    const length = Math.min(clean.length, noisy.length);
    const rng = new Rng(seed);
    const tokens = maskIndependently(noisy.slice(0, length), { maskId, alpha: 0.5, rng });
    const before = tokens.slice();
    const at = (s: number) =>
      samplePosterior(tokens, { clean, maskId, schedule: linear, s, t: 0.5, rng });
    at(0.2).forEach((id, i) => assert(before[i] === maskId || id === before[i]));
    at(0).forEach((id, i) => assert.equal(id, before[i] === maskId ? clean[i] : before[i]));
    assert.deepEqual(tokens, before);
  }));
});
