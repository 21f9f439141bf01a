import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";
import { cosine, geometric, linear, polynomial, type Schedule } from "dlm/schedule.ts";

Deno.test("exercises 02.1 to 02.3 and 02.5 take the right numbers and know wrong ones", async () => {
  const replies: [exercise: string, answer: number, reply: RegExp][] = [
    ["02.1", 0.99 ** 64, /^Right: it is 0\.53\.$/],
    ["02.1", 0.99, /one character; here 64/],
    ["02.1", 0.36, /as if only one could go/],
    ["02.1", 0, /^Not quite: 0 is too low\. How likely/],
    ["02.2", 1 / 3, /^Right: it is 0\.33\.$/],
    ["02.2", 2 / 3, /That is 1 - t/],
    ["02.2", 0.5, /the linear schedule/],
    ["02.2", 0.1, /^Not quite: 0\.1 is too low\. Set the formula/],
    ["02.3", 0.2, /^Right: it is 0\.2\.$/],
    ["02.3", 0.05, /share of the whole text/],
    ["02.3", 0.8, /to stay masked/],
    ["02.3", 0.5, /^Not quite: 0\.5 is too high\. Put alpha/],
    ["02.5", 23.36, /^Right: it is 23\.4\.$/],
    ["02.5", 0, /only the mean/],
    ["02.5", 32, /^Not quite: 32 is too high\. Count the steps/],
  ];
  for (const [exercise, answer, reply] of replies) {
    assert.match(await replyTo(exercise, answer), reply);
  }
});

Deno.test("exercise 02.4 takes every schedule of the library", async () => {
  for (const schedule of [linear, cosine, polynomial(0.5), polynomial(3), geometric()]) {
    assert.match(await replyTo("02.4", schedule), /^Right: that is a schedule. At half time/);
  }
});

Deno.test("exercise 02.4 says what is wrong with a schedule", async () => {
  const reply = async (part: Partial<Record<keyof Schedule, unknown>>) =>
    await replyTo("02.4", { ...linear, ...part });
  const none = () => NaN;
  assert.match(await reply({ alpha: none, derivative: none, inverse: none }), /^No answer yet/);
  assert.match(await reply({ inverse: undefined }), /all have to be functions/);
  assert.match(
    await reply({ alpha: (t: number) => (1 - t) / 2 }),
    /alpha\(0\) is 0\.5, but at t = 0/,
  );
  assert.match(
    await reply({ alpha: (t: number) => 1 - t / 2 }),
    /alpha\(1\) is 0\.5, but at t = 1/,
  );
  const wave = (t: number) => 1 - t + 0.5 * Math.sin(2 * Math.PI * t);
  assert.match(
    await reply({ alpha: wave }),
    /alpha is 1 at t = 0 and .* It must fall all the time/,
  );
  assert.match(await reply({ derivative: () => 1 }), /derivative\(0\.01\) is 1, but .* by -1 per/);
  assert.match(await reply({ derivative: none }), /derivative\(0\.01\) is NaN/);
  assert.match(
    await reply({ inverse: (a: number) => a }),
    /inverse\(0\.01\) is 0\.01, .* 0\.99\.$/,
  );
  assert.match(
    await reply({ inverse: none }),
    /inverse\(0\.01\) is NaN, .* a number from 0 to 1\.$/,
  );
});

Deno.test("exercise 02.4 takes a schedule whose functions call each other, and a steep one", async () => {
  const own = {
    alpha: (t: number) => (1 - t) ** 2,
    derivative: (t: number) => -2 * (1 - t),
    inverse(left: number) {
      let [low, high] = [0, 1];
      for (let n = 0; n < 40; n++) {
        const middle = (low + high) / 2;
        if (this.alpha(middle) > left) low = middle;
        else high = middle;
      }
      return low;
    },
  };
  const corners = { // slow at both ends
    alpha: (t: number) => t < 0.25 ? 1 - 0.4 * t : t < 0.75 ? 1.3 - 1.6 * t : 0.4 - 0.4 * t,
    derivative: (t: number) => t < 0.25 || t >= 0.75 ? -0.4 : -1.6,
    inverse: (left: number) =>
      left > 0.9 ? (1 - left) / 0.4 : left > 0.1 ? (1.3 - left) / 1.6 : 1 - left / 0.4,
  };
  for (const schedule of [own, polynomial(12), corners]) {
    assert.match(await replyTo("02.4", schedule), /^Right: that is a schedule/);
  }
  const late = { ...linear, alpha: (t: number) => Math.min(1, 2 - 2 * t), derivative: () => 0 };
  assert.match(await replyTo("02.4", late), /a clock that stands still has no inverse/);
  const nothing = () => undefined;
  assert.match(await replyTo("02.4", { ...linear, derivative: nothing }), /derivative.* is NaN/);
  assert.match(await replyTo("02.4", { ...linear, inverse: nothing }), /inverse.* is NaN/);
  assert.match(await replyTo("02.5", (1 - 1 / 64) ** 64), /share of the steps/);
});
