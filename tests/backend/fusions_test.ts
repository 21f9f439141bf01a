import assert from "node:assert/strict";
import fc from "fast-check";
import { tf } from "dlm/backend/backend.ts";
import { attention, plainAttention } from "dlm/ops/attention.ts";
import { plainSurprisals, surprisals } from "dlm/ops/cross_entropy.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { plainReluSquared, reluSquared } from "dlm/ops/relu_squared.ts";
import { plainRmsNorm, rmsNorm } from "dlm/ops/rms_norm.ts";
import { plainSumRows, sumRows } from "dlm/ops/sum_rows.ts";
import { plainWeightedSum, weightedSum } from "dlm/ops/weighted_sum.ts";
import { Rng } from "dlm/rng.ts";
import { assertAllClose, normal, testBuilds, whole } from "./_builds.ts";

type Op = (x: tf.Tensor2D) => tf.Tensor;

/** Asserts that two ops have the same value and gradient. */
async function assertSame(op: Op, plain: Op, x: () => tf.Tensor2D): Promise<void> {
  const [actual, expected] = [op, plain].map((f) =>
    tf.tidy(() => {
      const y = f(x());
      const dy = tf.reshape(normal([y.size, 1], 1), y.shape);
      return [y, tf.grad(f as (x: tf.Tensor) => tf.Tensor)(x(), dy)];
    })
  );
  await assertAllClose(actual!, expected!);
}

const size = fc.integer({ min: 2, max: 21 });
/** Enough for the largest of their numbers not to be a small difference of large ones. */
const manyRows = fc.integer({ min: 8, max: 30 });
const seed = fc.nat();

testBuilds(
  "the Attention kernel does what plain ops do",
  fc.asyncProperty(
    fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      heads: fc.integer({ min: 1, max: 3 }),
      causal: fc.boolean(),
    }),
    size,
    fc.integer({ min: 1, max: 9 }),
    seed,
    (options, length, pairs, seed) =>
      assertSame(
        (x) => attention(x, options),
        (x) => plainAttention(x, options),
        () => normal([options.batch * length, options.heads * 6 * pairs], seed),
      ),
  ),
  [
    [{ batch: 2, heads: 2, causal: false }, 128, 16, 1],
    [{ batch: 1, heads: 1, causal: true }, 129, 7, 2],
  ],
);

testBuilds(
  "the Attention kernel does what plain ops do for some of the places, in any order",
  fc.asyncProperty(
    fc.record({ batch: fc.integer({ min: 1, max: 4 }), causal: fc.boolean() }),
    size,
    fc.nat({ max: 99 }),
    seed,
    async ({ batch, causal }, length, percent, seed) => {
      const count = Math.ceil(percent / 100 * batch * length);
      const rows = tf.tensor1d(new Rng(seed).permutation(batch * length, count), "int32");
      const options = { batch, heads: 2, causal, rows };
      await assertSame(
        (x) => attention(x, options),
        (x) => plainAttention(x, options),
        () => normal([batch * length, 2 * 12], seed),
      );
      rows.dispose();
    },
  ),
  [[{ batch: 3, causal: false }, 128, 2, 1]],
);

testBuilds(
  "the RmsNorm kernel does what plain ops do",
  fc.asyncProperty(
    manyRows,
    size,
    seed,
    (rows, columns, seed) => assertSame(rmsNorm, plainRmsNorm, () => normal([rows, columns], seed)),
  ),
);

testBuilds(
  "the ReluSquared kernel does what plain ops do",
  fc.asyncProperty(
    manyRows,
    size,
    seed,
    (rows, columns, seed) =>
      assertSame(reluSquared, plainReluSquared, () => normal([rows, columns], seed)),
  ),
);

testBuilds(
  "the SumRows kernel does what a one-hot product does, even of rows that do not exist",
  fc.asyncProperty(size, size, size, size, seed, (rows, columns, count, terms, seed) => {
    const indices = (): tf.Tensor2D =>
      tf.reshape(tf.sub(whole(count * terms, rows + 4, seed), tf.scalar(2, "int32")), [
        count,
        terms,
      ]);
    return assertSame(
      (x) => sumRows(x, indices()),
      (x) => plainSumRows(x, indices()),
      () => normal([rows, columns], seed),
    );
  }),
);

testBuilds(
  "the Surprisals kernel does what plain ops do, even for targets that do not exist",
  fc.asyncProperty(
    manyRows,
    size,
    fc.integer({ min: 0, max: 20 }),
    seed,
    (rows, columns, scale, seed) => {
      const targets = () => whole(rows, columns + 1, seed);
      return assertSame(
        (x) => surprisals(x, targets()),
        (x) => plainSurprisals(x, targets()),
        () => tf.mul(normal([rows, columns], seed), scale),
      );
    },
  ),
);

Deno.test("the Surprisals kernel takes exponentials right to the last bits", async () => {
  // With logits 0 and x, and the first one true, the second one's gradient is e^x / (1 + e^x).
  const xs = Float32Array.from({ length: 5000 }, (_, i) => -i / 60);
  const gradient = tf.tidy(() => {
    const logits = tf.stack([tf.zeros([xs.length]), tf.tensor1d(xs)], 1);
    const truth = tf.zeros([xs.length], "int32") as tf.Tensor1D;
    return tf.grad((logits) => tf.sum(surprisals(logits as tf.Tensor2D, truth)))(logits);
  });
  const values = await gradient.data();
  gradient.dispose();
  xs.forEach((x, i) => {
    const expected = Math.exp(x) / (1 + Math.exp(x));
    const error = Math.abs(values[2 * i + 1]! / expected - 1);
    assert(error < 4 * 2 ** -24, `wrong by ${error} of it at ${x}`); // some four roundings
  });
});

Deno.test("tf.clone() outlives what it was made of", async () => {
  const x = tf.tensor1d([1, 2, 3]);
  const clone = tf.clone(x);
  x.dispose();
  assert.deepEqual([...await clone.data()], [1, 2, 3]);
  clone.dispose();
});

Deno.test("the kernels refuse numbers of a type they do not read", () => {
  const x = tf.ones([2, 2], "int32") as tf.Tensor2D;
  assert.throws(() => rmsNorm(x), TypeError);
  assert.throws(() => gatherRows(tf.ones([2, 2]), tf.ones([2])), TypeError);
});

testBuilds(
  "the WeightedSum kernel does what plain ops do",
  fc.asyncProperty(
    size,
    size,
    fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })),
    seed,
    async (rows, columns, weights, seed) => {
      const [a, b] = [normal([rows, columns], seed), normal([rows, columns], seed + 1)];
      await assertAllClose([weightedSum(a, b, weights)], [plainWeightedSum(a, b, weights)]);
      tf.dispose([a, b]);
    },
  ),
);
