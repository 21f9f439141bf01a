import assert from "node:assert/strict";
import { mean, standardDeviation } from "simple-statistics";
import { Rng } from "dlm/rng.ts";
import { pooledMeanAtOneRate } from "dlm/simple_dlm/one_rate.ts";
import { unpack } from "../_batches.ts";
import { simulatedLosses } from "../_simulations.ts";

/** By the normal law chance alone is further off than this many standard errors once in 16,000 tests. */
const SIGMAS = 4;

const T = 6;
const cost = (k: number) => 0.8 + 2.5 * (k / T) ** 3; // the more is hidden, the harder
const NELBO = mean([1, 2, 3, 4, 5, 6].map(cost));

for (const B of [1, 2]) {
  Deno.test(`pooledMeanAtOneRate() comes to the NELBO, but for batches without masks (B = ${B})`, () => {
    // The batch is one long sequence, whose number of masks is uniform in 0 .. B·T; seen from any
    // of its masked characters, 0 .. T-1 others of its sequence are masked alike.
    const found = simulatedLosses(pooledMeanAtOneRate, {
      length: T,
      batch: B,
      cost,
      batches: 20_000,
      seed: 1,
    });
    const error = standardDeviation(found) / Math.sqrt(found.length);
    const expected = NELBO * B * T / (B * T + 1);
    const sigmas = (mean(found) - expected) / error;
    assert(Math.abs(sigmas) < SIGMAS, `${mean(found)} is ${sigmas} errors off ${expected}`);
    assert(error < 0.01 * expected, "precise enough to tell the factor");
  });
}

Deno.test("pooledMeanAtOneRate() asks for nothing that shows, and does not mind a batch without masks", () => {
  const [rng, maskId] = [new Rng(2), 1];
  const clean = [Int32Array.of(0, 0), Int32Array.of(0, 0)];
  let empty = 0;
  for (let i = 0; i < 200; i++) {
    const batch = unpack(pooledMeanAtOneRate(clean, { maskId, rng }));
    for (const { noisy, weights } of batch) {
      noisy.forEach((id, i) => assert(id === maskId ? weights[i]! > 0 : weights[i] === 0));
    }
    if (batch.every(({ weights }) => weights.every((weight) => weight === 0))) empty++;
  }
  assert(empty > 0, "there was such a batch");
});
