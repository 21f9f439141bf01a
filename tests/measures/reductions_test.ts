import assert from "node:assert/strict";
import { mean, standardDeviation, variance } from "simple-statistics";
import { simulatedLosses } from "dlm/languages/simulations.ts";
import { continuousTimeNoise, type DrawNoise, exactCountNoise } from "dlm/objective.ts";
import {
  doublyWeightedMean,
  meanOfSequenceMeans,
  pooledMean,
  pooledMeanAtOneRate,
} from "dlm/measures/reductions.ts";
import { Rng } from "dlm/rng.ts";
import {
  type DrawTimes,
  independentTimes,
  sharedOffsetTimes,
  stratifiedTimes,
} from "dlm/schedule.ts";
import { unpack } from "../_batches.ts";
import { binomial } from "../_statistics.ts";

const maskId = 1;

/** Sums `term(k)` over `k = from .. to`. */
function sumOver(from: number, to: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = from; k <= to; k++) sum += term(k);
  return sum;
}

/** By the normal law chance alone is further off than this many standard errors once in 16,000 tests. */
const SIGMAS = 4;

const T = 6;
const cost = (k: number) => 0.8 + 2.5 * (k / T) ** 3; // the more is hidden, the harder
const NELBO = sumOver(1, T, cost) / T;

/**
 * The mean of each reduction over batches of `B`. Where each character is masked with a
 * uniform rate, the number of masks is uniform in `0 .. T`.
 */
const expectations: [reduction: DrawNoise, expected: (B: number) => number][] = [
  [exactCountNoise, () => NELBO],
  // Zero masks, one time in T + 1, cost nothing.
  [meanOfSequenceMeans, () => sumOver(1, T, cost) / (T + 1)],
  // All numbers of masks of one sequence and of another.
  [pooledMean, (B) => {
    if (B === 1) return sumOver(1, T, cost) / (T + 1);
    const pool = (j: number, k: number) => (j * cost(j) + k * cost(k)) / (j + k || 1);
    return sumOver(0, T, (j) => sumOver(0, T, (k) => pool(j, k))) / (T + 1) ** 2;
  }],
  // The batch is one long sequence, in whose number of masks the above holds with B·T for T;
  // seen from any of its masked characters, 0 .. T-1 others of its sequence are masked alike.
  [pooledMeanAtOneRate, (B) => NELBO * B * T / (B * T + 1)],
  // Of a rate t, k masks have the density C(T, k) t^k (1-t)^(T-k), and 1/t of it integrates to 1/k.
  [doublyWeightedMean, () => sumOver(1, T, (k) => cost(k) / k)],
];

for (const [reduction, expected] of expectations) {
  for (const B of [1, 2]) {
    Deno.test(`${reduction.name}() has the expectation that is derived for it (B = ${B})`, () => {
      // The 1/t of the last leaves no finite variance, but a mean in standard errors still goes
      // to the normal law (Giné, Götze and Mason, 1997).
      const found = simulatedLosses(reduction, {
        length: T,
        batch: B,
        cost,
        batches: 20_000,
        seed: 1,
      });
      const error = standardDeviation(found) / Math.sqrt(found.length);
      const sigmas = (mean(found) - expected(B)) / error;
      assert(Math.abs(sigmas) < SIGMAS, `${mean(found)} is ${sigmas} errors off ${expected(B)}`);
      assert(error < 0.01 * expected(B), "precise enough to tell the reductions apart");
    });
  }
}

Deno.test("pooledMean() in large batches comes to 2 ∫ t·CE(t) dt as T grows, and not to the bound", () => {
  const limit = (T: number) =>
    // Σ k·CE(k) / Σ k
    sumOver(1, T, (k) => k * (0.8 + 2.5 * (k / T) ** 3)) / sumOver(1, T, (k) => k);
  const integral = 0.8 + 2 * 2.5 / 5;
  assert(Math.abs(limit(10_000) - integral) < 1e-3);
  const [B, batches] = [200, 300];
  const found = simulatedLosses(pooledMean, { length: T, batch: B, cost, batches, seed: 1 });
  // The bias of a ratio is of order 1 / B; 4 standard errors are less than that here.
  assert(Math.abs(mean(found) / limit(T) - 1) < 1 / B, `${mean(found)} is not ${limit(T)}`);
  assert(limit(T) > 1.2 * NELBO);
});

Deno.test("no reduction asks anything of what shows, nor minds a batch without masks", () => {
  const rng = new Rng(2);
  const clean = [Int32Array.of(0, 0), Int32Array.of(0, 0)];
  let empty = 0;
  for (const [reduction] of expectations) {
    for (let i = 0; i < 200; i++) {
      const batch = unpack(reduction(clean, { maskId, rng }));
      for (const { noisy, weights } of batch) {
        noisy.forEach((id, i) => assert(id === maskId ? weights[i]! > 0 : weights[i] === 0));
      }
      if (batch.every(({ weights }) => weights.every((weight) => weight === 0))) empty++;
    }
  }
  assert(empty > 0, "there was such a batch");
});

// How much the loss of a batch scatters, by the way its times are drawn. The surprisals are
// zero up to four masks, so that the moments exist up to the fourth, which says how well a
// variance is known.
const scatter = {
  length: 16,
  batch: 8,
  batches: 5_000,
  seed: 1,
  cost: (k: number) => k > 4 ? 2.5 * (k / 16) ** 3 : 0,
};

/** The mean and the variance of one sequence's loss at time `t` of the linear schedule. */
function momentsAt(t: number): [mean: number, variance: number] {
  const { length: T, cost } = scatter;
  const probability = (k: number) => binomial(T, k) * t ** k * (1 - t) ** (T - k);
  const loss = (k: number) => k * cost(k) / (t * T);
  const mean = sumOver(1, T, (k) => probability(k) * loss(k));
  return [mean, sumOver(1, T, (k) => probability(k) * loss(k) ** 2) - mean ** 2];
}

/** What the variance of a batch must be: the masks' part, and that of the times as drawn. */
function derivedVariances() {
  const { length: T, batch: B, cost } = scatter;
  const cells = 200; // of each B-th of [0, 1), by the midpoint rule
  const times = Array.from({ length: B * cells }, (_, i) => (i + 0.5) / (B * cells));
  const moments = times.map(momentsAt);
  const means = moments.map(([mean]) => mean);
  const masks = mean(moments.map(([, variance]) => variance)) / B;
  const strata = Array.from({ length: B }, (_, b) => means.slice(b * cells, (b + 1) * cells));
  const atOffset = (values: number[]) =>
    Array.from({ length: cells }, (_, i) => mean(strata.map((_, b) => values[b * cells + i]!)));
  const counts = times.map((t) => cost(1 + Math.floor(t * T)));
  return {
    independent: masks + variance(means) / B,
    sharedOffset: masks + variance(atOffset(means)),
    stratified: masks + mean(strata.map((stratum) => variance(stratum))) / B,
    exactCount: variance(atOffset(counts)),
  };
}

/** Asserts a variance, known as well as the fourth moment of the numbers allows. */
function assertVariance(values: number[], expected: number): void {
  const center = mean(values);
  const squares = values.map((x) => (x - center) ** 2);
  const error = standardDeviation(squares) / Math.sqrt(values.length);
  const sigmas = (mean(squares) - expected) / error;
  assert(Math.abs(sigmas) < SIGMAS, `${mean(squares)} is ${sigmas} errors off ${expected}`);
}

Deno.test("the losses of a batch scatter as derived: exact counts least, independent times most", () => {
  const derived = derivedVariances();
  const { independent, sharedOffset, stratified, exactCount } = derived;
  assert(
    exactCount < stratified / 2 && stratified < sharedOffset && sharedOffset < independent / 2,
  );

  const ways: [times: DrawTimes, expected: number][] = [
    [independentTimes, independent],
    [stratifiedTimes, stratified],
    [sharedOffsetTimes, sharedOffset],
  ];
  for (const [times, expected] of ways) {
    const draw: DrawNoise = (sequences, options) =>
      continuousTimeNoise(sequences, { ...options, times });
    assertVariance(simulatedLosses(draw, scatter), expected);
  }
  assertVariance(simulatedLosses(exactCountNoise, scatter), exactCount);
});

Deno.test("exact counts leave no scatter at all where every count comes up once", () => {
  const found = simulatedLosses(exactCountNoise, { ...scatter, batch: 16, batches: 50 });
  assert(standardDeviation(found) < 1e-6); // float32 weights
});
