import assert from "node:assert/strict";
import fc from "fast-check";
import jstat from "jstat";
import { Rng } from "dlm/rng.ts";
import { assertFrequencies, tally, uniform } from "./_statistics.ts";

const seeds = fc.maxSafeInteger();

/** Which of `n` equal parts of [0, 1) a number lies in. */
const part = (u: number, n: number) => Math.floor(u * n);

Deno.test("Rng draws the same numbers from the same seed, and others from another", () => {
  fc.assert(fc.property(seeds, seeds, (a, b) => {
    const draw = (seed: number) => {
      const rng = new Rng(seed);
      return [rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32()];
    };
    assert.deepEqual(draw(a), draw(a));
    if (a !== b) assert.notDeepEqual(draw(a), draw(b));
  }));
});

Deno.test("Rng draws for a seed what it always drew, so that a run can be repeated years later", () => {
  const rng = new Rng(1);
  assert.deepEqual([rng.uint32(), rng.uint32(), rng.uint32()], [
    3017143708,
    1435682516,
    3711675748,
  ]);
  const stream = rng.stream("masks").stream(7);
  assert.deepEqual([stream.uint32(), stream.uint32()], [4108635667, 987027650]);
  assert.deepEqual([new Rng(-1).uint32(), new Rng(2 ** 40).uint32()], [1037509833, 2230736945]);
});

Deno.test("Rng throws if the seed is no safe integer", () => {
  for (const seed of [0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => new Rng(seed), {
      name: "RangeError",
      message: /The seed is .+: give a whole number/,
    });
  }
});

Deno.test("uint32() is uniform in its high bits, in its low bits and from one to the next", () => {
  const rng = new Rng(1);
  const high = tally(64, 50_000, () => rng.uint32() >>> 26);
  const low = tally(64, 50_000, () => rng.uint32() & 63);
  const pairs = tally(
    64,
    50_000,
    () => rng.uint32() >>> 29 << 3 | rng.uint32() >>> 29,
  );
  for (const counts of [high, low, pairs]) {
    assertFrequencies(counts, uniform(64));
  }
});

Deno.test("uniform() is uniform in [0, 1), down to the last of its 53 bits", () => {
  const rng = new Rng(2);
  const parts = tally(100, 50_000, () => part(rng.uniform(), 100));
  assertFrequencies(parts, uniform(100));
  // The high bits come from one word, the low 21 from another.
  const low = () => rng.uniform() * 2 ** 53 % 2 ** 21;
  assertFrequencies(tally(64, 50_000, () => part(low() / 2 ** 21, 64)), uniform(64));
  assertFrequencies(tally(64, 50_000, () => low() % 64), uniform(64));
});

Deno.test("integer() is uniform in 0 .. n-1", () => {
  const rng = new Rng(3);
  assertFrequencies(tally(7, 50_000, () => rng.integer(7)), uniform(7));
  // A remainder of 32 bits would fall into the first third half of the time.
  const large = 3 * 2 ** 30;
  const thirds = tally(3, 50_000, () => part(rng.integer(large) / large, 3));
  assertFrequencies(thirds, uniform(3));
});

Deno.test("integer() throws if the bound is no whole number of at least 1", () => {
  for (const n of [0, -1, 1.5, NaN]) {
    assert.throws(() => new Rng(1).integer(n), {
      name: "RangeError",
      message: /the bound must be one of at least 1/,
    });
  }
});

Deno.test("normal() is standard normal, and each number independent of the last", () => {
  const rng = new Rng(4);
  // The square of a standard normal number is chi-square with one degree of freedom.
  const cdf = (z: number) => (1 + Math.sign(z) * jstat.chisquare.cdf(z * z, 1)) / 2;
  const draw = () => cdf(rng.normal());
  assertFrequencies(tally(50, 50_000, () => part(draw(), 50)), uniform(50));
  const pairs = tally(64, 50_000, () => part(draw(), 8) * 8 + part(draw(), 8));
  assertFrequencies(pairs, uniform(64));
});

Deno.test("categorical() draws in proportion to the weights", () => {
  const rng = new Rng(5);
  const weights = [0, 3, 0.5, 0, 1e-9, 6, 0.5, 0];
  const counts = tally(weights.length, 50_000, () => rng.categorical(weights));
  counts[4] = 0; // too seldom for a chi-square test
  assertFrequencies(counts, [0, 0.3, 0.05, 0, 0, 0.6, 0.05, 0]);
});

/** Draws one uniform number over and over. */
class Edge extends Rng {
  constructor(readonly u: number) {
    super(0);
  }
  override uniform = () => this.u;
}

Deno.test("categorical() cuts [0, 1) into parts that begin where the one before ends", () => {
  const drawn = [0, 0.25, 0.5, 0.75].map((u) => new Edge(u).categorical([1, 1, 2]));
  assert.deepEqual(drawn, [0, 1, 2, 2]);
});

Deno.test("categorical() never draws a weight of 0, not even at the edges of rounding", () => {
  const weights = fc.array(
    fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1, noNaN: true })),
    { minLength: 1 },
  ).filter((weights) => weights.some((weight) => weight > 0));
  const u = fc.oneof(
    fc.constantFrom(0, 1 - 2 ** -53),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  );
  fc.assert(
    fc.property(weights, u, (weights, u) => {
      assert(weights[new Edge(u).categorical(weights)]! > 0);
    }),
    { examples: [[[0.1, 0.2, 0.3, 0], 1 - 2 ** -53]] }, // leaves a crumb of 0
  );
});

Deno.test("categorical() throws if the sum of the weights is not positive and finite", () => {
  for (const weights of [[], [0, 0], [1, NaN], [1, Infinity], [-1, 0.5]]) {
    assert.throws(() => new Rng(1).categorical(weights), {
      name: "RangeError",
      message: /the sum must be positive and finite/,
    });
  }
});

Deno.test("permutation() holds every number once, or as many different ones as asked for", () => {
  const sizes = fc.nat(50).chain((n) => fc.tuple(fc.constant(n), fc.nat(n)));
  fc.assert(fc.property(seeds, sizes, (seed, [n, count]) => {
    const all = new Rng(seed).permutation(n);
    assert.deepEqual(
      all.toSorted(),
      Int32Array.from({ length: n }, (_, i) => i),
    );
    const some = new Rng(seed).permutation(n, count);
    assert.deepEqual(some, all.slice(0, count));
  }));
});

Deno.test("permutation() draws every order with the same probability", () => {
  const rng = new Rng(6);
  const number = (order: Int32Array, base: number) =>
    order.reduce((sum, digit) => sum * base + digit, 0);
  const orders = new Map<number, number>();
  for (let i = 0; i < 24_000; i++) {
    const order = number(rng.permutation(4), 4);
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assertFrequencies([...orders.values()], uniform(24));
});

Deno.test("stream() depends on the seed and the name alone, not on what was drawn before", () => {
  fc.assert(fc.property(seeds, fc.string(), fc.nat(20), (seed, name, draws) => {
    const rng = new Rng(seed);
    const fresh = rng.stream(name).uint32();
    for (let i = 0; i < draws; i++) rng.uint32();
    assert.equal(rng.stream(name).uint32(), fresh);
  }));
});

Deno.test("stream() of another name or seed, or of a stream, is another stream", () => {
  const rng = new Rng(7);
  const first = [
    rng,
    new Rng(8),
    new Rng(7 + 2 ** 32),
    new Rng(-7),
    rng.stream("ab"),
    rng.stream("ba"),
    rng.stream("a").stream("b"),
    rng.stream(""),
    rng.stream("a"),
    rng.stream("a").stream(""),
    new Rng(8).stream("ab"),
  ].map((stream) => stream.uint32());
  assert.equal(new Set(first).size, first.length);
});

Deno.test("neighbouring seeds and streams are as independent as any", () => {
  const families = {
    seeds: (i: number) => new Rng(i),
    streams: (i: number) => new Rng(9).stream("training").stream(i),
  };
  for (const family of Object.values(families)) {
    const first = Array.from({ length: 50_001 }, (_, i) => family(i).uniform());
    const pairs = tally(
      64,
      50_000,
      (i) => part(first[i]!, 8) * 8 + part(first[i + 1]!, 8),
    );
    assertFrequencies(pairs, uniform(64));
  }
});
