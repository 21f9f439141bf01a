import assert from "node:assert/strict";
import { mean, standardDeviation, variance } from "simple-statistics";
import { continuousTimeNoise, type DrawNoise, exactCountNoise } from "dlm/objective.ts";
import {
  type DrawTimes,
  independentTimes,
  sharedOffsetTimes,
  stratifiedTimes,
} from "dlm/schedule.ts";
import { simulatedLosses } from "./_simulations.ts";
import { binomial } from "./_statistics.ts";

/** Sums `term(k)` over `k = from .. to`. */
function sumOver(from: number, to: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = from; k <= to; k++) sum += term(k);
  return sum;
}

/** By the normal law chance alone is further off than this many standard errors once in 16,000 tests. */
const SIGMAS = 4;

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
