import assert from "node:assert/strict";
import fc from "fast-check";
import { Rng } from "dlm/rng.ts";
import {
  cosine,
  geometric,
  independentTimes,
  linear,
  lossWeight,
  polynomial,
  revealProbability,
  sharedOffsetTimes,
  stratifiedTimes,
} from "dlm/schedule.ts";
import { assertFrequencies, tally, uniform } from "./_statistics.ts";

const schedules = [
  linear,
  cosine,
  polynomial(0.5),
  polynomial(3),
  geometric(),
  geometric({ sigmaMin: 0.01, sigmaMax: 5 }),
];

/** Inside [0, 1], away from the ends, where some slopes are zero or infinite. */
const inside = fc.double({ min: 0.01, max: 0.99, noNaN: true });

const close = (a: number, b: number, tolerance: number) =>
  assert(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

for (const schedule of schedules) {
  const { name, alpha, derivative, inverse } = schedule;

  Deno.test(`${name}: alpha is exactly 1 at time 0 and exactly 0 at time 1`, () => {
    assert.equal(alpha(0), 1);
    assert.equal(alpha(1), 0);
  });

  Deno.test(`${name}: alpha falls`, () => {
    fc.assert(fc.property(inside, inside, (a, b) => {
      const [s, t] = [Math.min(a, b), Math.max(a, b)];
      assert(alpha(s) >= alpha(t));
      assert(derivative(t) < 0);
    }));
  });

  Deno.test(`${name}: the derivative is the limit of differences`, () => {
    // Differences over h = 1e-5 miss by h² · |alpha'''| / 6 and by rounding, 1e-16 / h.
    const h = 1e-5;
    fc.assert(fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), (t) => {
      close((alpha(t + h) - alpha(t - h)) / (2 * h), derivative(t), 1e-7);
    }));
  });

  Deno.test(`${name}: inverse throws beyond what alpha can be`, () => {
    for (const share of [-0.1, 1.1, NaN]) {
      assert.throws(() => inverse(share), { name: "RangeError", message: /from 0 .* to 1/ });
    }
  });

  Deno.test(`${name}: inverse undoes alpha, and alpha undoes inverse`, () => {
    fc.assert(fc.property(inside, inside, (t, share) => {
      // What rounding does to alpha, it does to t divided by the slope.
      close(inverse(alpha(t)), t, 1e-14 + 1e-15 / -derivative(t));
      close(alpha(inverse(share)), share, 1e-14);
    }));
    close(inverse(1), 0, 1e-12);
    close(inverse(0), 1, 1e-12);
  });

  Deno.test(`${name}: what stays masked from t to r and from r to s stays so from t to s`, () => {
    fc.assert(fc.property(fc.uniqueArray(inside, { minLength: 3, maxLength: 3 }), (times) => {
      const [s, r, t] = times.toSorted((a, b) => a - b) as [number, number, number];
      const stays = (from: number, to: number) => 1 - revealProbability(schedule, to, from);
      close(stays(t, r) * stays(r, s), stays(t, s), 1e-12);
      assert(stays(t, s) >= 0 && stays(t, s) <= 1);
    }));
  });

  Deno.test(`${name}: everything is revealed on the way to time 0`, () => {
    fc.assert(fc.property(inside, (t) => {
      assert.equal(revealProbability(schedule, 0, t), 1);
    }));
    assert.equal(revealProbability(schedule, 0, 1), 1);
  });

  Deno.test(`${name}: the loss weight integrates to the log of the share of masks`, () => {
    // -alpha' / (1 - alpha) is the derivative of log(1 - alpha): Simpson's rule, 1000 steps.
    const [from, to, steps] = [0.2, 0.9, 1000];
    const h = (to - from) / steps;
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      const t = from + i * h;
      sum += h / 6 * (lossWeight(schedule, t) +
        4 * lossWeight(schedule, t + h / 2) + lossWeight(schedule, t + h));
    }
    close(sum, Math.log((1 - alpha(to)) / (1 - alpha(from))), 1e-9);
  });
}

Deno.test("the linear schedule weighs a masked character by 1 / t", () => {
  fc.assert(fc.property(inside, (t) => {
    close(lossWeight(linear, t) * t, 1, 1e-13);
  }));
});

Deno.test("polynomial(1) is linear", () => {
  fc.assert(fc.property(inside, (t) => {
    assert.equal(polynomial(1).alpha(t), linear.alpha(t));
    assert.equal(polynomial(1).derivative(t), linear.derivative(t));
    assert.equal(polynomial(1).inverse(t), linear.inverse(t));
  }));
});

Deno.test("geometric() leaves out of the published schedule only what it adds at the ends", () => {
  for (const t of [0.1, 0.5, 0.9]) {
    close(geometric().alpha(t), Math.exp(-(1e-5 ** (1 - t) * 20 ** t)), 1e-5);
  }
});

Deno.test("schedules throw if a parameter makes no sense", () => {
  for (const power of [0, -1, NaN, Infinity]) {
    assert.throws(() => polynomial(power), {
      name: "RangeError",
      message: /The power of a polynomial schedule is .+: it must be above 0/,
    });
  }
  for (const [sigmaMin, sigmaMax] of [[0, 1], [2, 1], [1, 1], [1, Infinity]]) {
    assert.throws(() => geometric({ sigmaMin, sigmaMax } as Record<string, number>), {
      name: "RangeError",
      message: /needs 0 < sigmaMin < sigmaMax/,
    });
  }
  for (const [sigmaMin, sigmaMax] of [[800, 900], [1e-18, 1e-17]] as const) {
    assert.throws(() => geometric({ sigmaMin, sigmaMax }), {
      name: "RangeError",
      message: /hides the same share at both ends/,
    });
  }
});

Deno.test("alpha() throws if the time is not in [0, 1]", () => {
  for (const { alpha } of [linear, cosine, polynomial(3), geometric()]) {
    for (const t of [-0.1, 1.1, NaN]) {
      assert.throws(() => alpha(t), {
        name: "RangeError",
        message: `The time is ${t}: give one from 0 (text) to 1 (all masks).`,
      });
    }
  }
});

Deno.test("revealProbability() throws unless time runs backwards within [0, 1]", () => {
  for (const [s, t] of [[0.5, 0.5], [0.6, 0.5], [-0.1, 0.5], [0.5, 1.1], [NaN, 1]] as const) {
    assert.throws(() => revealProbability(linear, s, t), {
      name: "RangeError",
      message: /from t to an earlier s/,
    });
  }
});

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

Deno.test("geometric(): inverse stays in [0, 1], however it rounds", () => {
  const steep = [[1e-3, 50], [1e-20, 20], [1e-4, 800]] as const;
  for (const [sigmaMin, sigmaMax] of steep) {
    const { alpha, inverse } = geometric({ sigmaMin, sigmaMax });
    for (const share of [0, 1e-3, 0.5, 1]) {
      close(alpha(inverse(share)), share, 1e-6);
    }
  }
});

Deno.test("revealProbability() is 1 where so little is masked that alpha rounds to 1", () => {
  assert.equal(revealProbability(polynomial(10), 0.01, 0.02), 1);
  close(revealProbability(polynomial(10), 0.4, 0.8), 1 - 0.5 ** 10, 1e-6);
});
