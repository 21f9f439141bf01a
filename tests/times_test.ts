import assert from "node:assert/strict";
import { Rng } from "dlm/rng.ts";
import { independentTimes, sharedOffsetTimes, stratifiedTimes } from "dlm/schedule.ts";
import { assertFrequencies, tally, uniform } from "./_statistics.ts";

const ways = [independentTimes, stratifiedTimes, sharedOffsetTimes];
const count = 4;

/** Which of `parts` equal parts of [0, 1) a time is in. */
const part = (time: number, parts: number) => Math.floor(time * parts);

for (const [seed, draw] of ways.entries()) {
  Deno.test(`${draw.name}() are uniform in every place of a batch`, () => {
    const rng = new Rng(seed);
    const batches = Array.from({ length: 5_000 }, () => draw(count, rng));
    for (let b = 0; b < count; b++) {
      const parts = tally(20, batches.length, (i) => part(batches[i]![b]!, 20));
      assertFrequencies(parts, uniform(20));
    }
  });

  Deno.test(`${draw.name}() depends on the generator alone`, () => {
    assert.deepEqual(draw(count, new Rng(3)), draw(count, new Rng(3)));
    assert.notDeepEqual(draw(count, new Rng(3)), draw(count, new Rng(4)));
    assert.equal(draw(count, new Rng(3)).length, count);
  });

  Deno.test(`${draw.name}() wants a batch of at least one`, () => {
    assert.equal(draw(1, new Rng(1)).length, 1);
    for (const none of [0, -1, 2.5]) {
      assert.throws(() => draw(none, new Rng(1)), { name: "RangeError", message: /whole number/ });
    }
  });
}

Deno.test("independentTimes() are independent: two times fall into each pair of parts alike", () => {
  const rng = new Rng(1);
  const pairs = tally(16, 20_000, () => {
    const [first, second] = independentTimes(2, rng);
    return 4 * part(first!, 4) + part(second!, 4);
  });
  assertFrequencies(pairs, uniform(16));
});

Deno.test("stratifiedTimes() are one in each part of [0, 1), independent within it", () => {
  const rng = new Rng(2);
  const pairs = tally(16, 20_000, () => {
    const times = stratifiedTimes(count, rng).sort();
    times.forEach((time, b) => assert.equal(part(time, count), b));
    return 4 * part(times[0]! * count, 4) + part(times[1]! * count - 1, 4);
  });
  assertFrequencies(pairs, uniform(16));
});

Deno.test("sharedOffsetTimes() lie at equal distances, the last before the first", () => {
  const rng = new Rng(3);
  for (let i = 0; i < 100; i++) {
    const times = sharedOffsetTimes(count, rng);
    times.forEach((time, b) => {
      const distance = (times[(b + 1) % count]! - time + 1) % 1;
      assert(Math.abs(distance - 1 / count) < 1e-12);
    });
  }
});
