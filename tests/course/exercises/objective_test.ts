import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";
import { oneTo } from "dlm/course/one_to.ts";
import type { Rng } from "dlm/rng.ts";
import {
  cosine,
  independentTimes,
  linear,
  polynomial,
  sharedOffsetTimes,
  stratifiedTimes,
} from "dlm/schedule.ts";

Deno.test("04.1 to 04.3 accept what their formulas give, and know what is often taken for it", async () => {
  assert.match(await replyTo("04.1", [1.5, 1.875]), /^Right/);
  assert.match(await replyTo("04.1", [0.375, 1.875]), /too low.* among 64/);
  assert.match(await replyTo("04.1", [1.5, 7.5]), /too high.* weighted twice/);
  assert.match(await replyTo("04.2", [2.5, 3]), /^Right/);
  assert.match(await replyTo("04.2", [2.5, 1.5]), /too low.* add up to 1/);
  assert.match(await replyTo("04.3", [1, 3]), /^Right/);
  assert.match(await replyTo("04.3", [3, 3]), /too high.* Which texts/);
});

/** Nearly as flat as a curve can be. */
const quadratic = {
  alpha: (t: number) => (1 - t) * (2 - t) / 2,
  derivative: (t: number) => t - 1.5,
};

Deno.test("04.4 accepts a schedule under which the loss comes in evenly, and no other", async () => {
  assert.match(await replyTo("04.4", quadratic), /^Right: .* scatters 0\.\d\d times/);
  const piece = (t: number) => Math.min(15, Math.floor(16 * t));
  const at = (n: number) => quadratic.alpha(n / 16);
  const slope = (t: number) => 16 * (at(piece(t) + 1) - at(piece(t)));
  const pieces = { // the same in straight lines, with corners
    alpha: (t: number) => at(piece(t)) + (t - piece(t) / 16) * slope(t),
    derivative: slope,
  };
  assert.match(await replyTo("04.4", pieces), /^Right: .* scatters 0\.\d\d times/);
  assert.match(await replyTo("04.4", linear), /^Not quite: .* scatters 1\.00 times .* t = 1\.0/);
  for (const schedule of [cosine, polynomial(3)]) {
    assert.match(await replyTo("04.4", schedule), /^Not quite: it is a schedule/);
  }
});

Deno.test("04.4 says what is no schedule, or not its slope", async () => {
  const reply = (alpha: (t: number) => number, derivative: (t: number) => number) =>
    replyTo("04.4", { alpha, derivative });
  assert.match(await reply(() => NaN, () => NaN), /^No answer yet/);
  assert.match(await reply((t) => 0.9 - 0.9 * t, () => -0.9), /alpha\(0\) is 0.9/);
  assert.match(await reply((t) => 1 - t / 2, () => -0.5), /alpha\(1\) is 0.5/);
  assert.match(await reply((t) => (1 - t) * (1 + 2 * t), (t) => 1 - 4 * t), /rises somewhere/);
  assert.match(await reply((t) => 1 - t, () => 1), /slope of -1.00/);
  const jump = (t: number) => t < 1 ? 1 - 0.8 * t : 0;
  assert.match(await reply(jump, () => -0.8), /falls by 0\.80 and not by 1: it jumps/);
  assert.match(await replyTo("04.4", polynomial(0.5)), /^Not quite: it is a schedule/);
  for (const none of [() => NaN, () => undefined as unknown as number]) {
    assert.match(await reply((t) => 1 - t, none), /derivative at t = 0.00 is NaN/);
  }
});

Deno.test("04.5 accepts the library's better ways, and times in pairs", async () => {
  const pairs = (B: number, rng: Rng) =>
    oneTo(B / 2).flatMap(() => [rng.uniform()].flatMap((t) => [t, 1 - t]));
  for (const times of [stratifiedTimes, sharedOffsetTimes, pairs]) {
    assert.match(await replyTo("04.5", times), /^Right: each time is uniform/);
  }
  assert.match(await replyTo("04.5", independentTimes), /scatters (1\.0|0\.9)\d times .* depend/);
});

Deno.test("04.5 says which times would change the loss, or favour a text", async () => {
  const reply = (times: (B: number, rng: Rng) => unknown) => replyTo("04.5", times);
  assert.match(await reply((B) => oneTo(B).map(() => NaN)), /^No answer yet/);
  assert.match(await reply(() => [0.5]), /for 64 texts there are 1 times/);
  assert.match(await reply(() => undefined), /for 64 texts there are 0 times/);
  assert.match(await reply((B) => oneTo(B).map((b) => b / B)), /one of the times is 1:/);
  const grids = [
    (B: number, rng: Rng) => Array.from(rng.permutation(B), (place) => place / B),
    (B: number, rng: Rng) => Array.from(rng.permutation(B), (place) => (place + 0.5) / B),
  ];
  for (const grid of grids) assert.match(await reply(grid), /lie on a grid of 64/);
  const squares = (B: number, rng: Rng) => oneTo(B).map(() => rng.uniform() ** 2);
  assert.match(await reply(squares), /come up more often/);
  const cut = (B: number, rng: Rng) => stratifiedTimes(B, rng).map((t) => Math.max(0.02, t));
  assert.match(await reply(cut), /no time comes near 0/);
  const strata = (B: number, rng: Rng) => oneTo(B).map((b) => (b - rng.uniform()) / B);
  assert.match(await reply(strata), /those of text 1 of the batch are not/);
});
