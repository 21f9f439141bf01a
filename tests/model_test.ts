import assert from "node:assert/strict";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import {
  initialParameters,
  parameterCount,
  parameterShapes,
  Transformer,
  type TransformerConfig,
} from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { FLOAT32_TOLERANCE, type Matrix, toMatrices, transformer } from "./_reference.ts";
import {
  assertClose,
  assertNoLeak,
  randomParameters,
  take,
  testOnEachBackend,
  TINY,
} from "./_support.ts";

const maskId = TINY.vocabularySize;
const tokens = [[0, 3, maskId, 1, maskId, 4], [maskId, 2, 2, maskId, 0, 1]];

/** The logits of a model with random parameters, of all `B·T` rows or of some. */
async function predict(
  config: TransformerConfig,
  tokens: number[][],
  rows?: number[],
): Promise<Matrix> {
  using model = new Transformer(config, randomParameters(config, 1));
  const logits = tf.tidy(() =>
    model.logits(
      tf.tensor2d(tokens, undefined, "int32"),
      rows && tf.tensor1d(rows, "int32"),
    )
  );
  return await take(logits);
}

for (const causal of [false, true]) {
  const config = { ...TINY, causal };
  const kind = causal ? "causal " : "";

  testOnEachBackend(`the ${kind}model's logits are those of plain loops`, async () => {
    const parameters = toMatrices(config, randomParameters(config, 1));
    const expected = transformer(config, parameters, tokens);
    const logits = await predict(config, tokens);
    assert.deepEqual([logits.length, logits[0]!.length], [12, 5]);
    // Two dozen ops one after the other, each with a rounding of 6e-8 in every sum.
    assertClose(logits.flat(), expected.flat(), 1e-5);
  });

  testOnEachBackend(
    `the ${kind}model's logits of some rows are those of all, in the order asked for`,
    async () => {
      const all = await predict(config, tokens);
      const rows = [7, 2, 11, 0];
      const some = await predict(config, tokens, rows);
      assertClose(some.flat(), rows.flatMap((row) => all[row]!), FLOAT32_TOLERANCE);
    },
  );

  Deno.test(`the ${kind}model sees ${causal ? "only what stands before" : "both sides"}`, async () => {
    const before = await predict(config, tokens);
    const changed = [tokens[0]!, [...tokens[1]!]];
    changed[1]![3] = 2;
    const after = await predict(config, changed);
    const moved = before.flatMap((row, i) => row.some((x, j) => x !== after[i]![j]) ? [i] : []);
    assert.deepEqual(moved, causal ? [9, 10, 11] : [6, 7, 8, 9, 10, 11]);
  });
}

Deno.test("the model treats each sequence by itself, wherever in the batch", async () => {
  const both = await predict(TINY, tokens);
  const swapped = await predict(TINY, tokens.toReversed());
  const alone = await predict(TINY, [tokens[1]!]);
  assertClose(swapped.flat(), [...both.slice(6), ...both.slice(0, 6)].flat(), FLOAT32_TOLERANCE);
  assertClose(alone.flat(), both.slice(6).flat(), FLOAT32_TOLERANCE);
});

Deno.test("the model tells orders apart, and takes sequences shorter than its context", async () => {
  const [, , afterOneTwo] = await predict(TINY, [[1, 2, maskId]]);
  const [, , afterTwoOne] = await predict(TINY, [[2, 1, maskId]]);
  assert.notDeepEqual(afterOneTwo, afterTwoOne);
});

Deno.test("parameterCount() is 9·(V + 1)·D + 12·L·D² + D·V, and what a model really has", () => {
  const config = { ...TINY, vocabularySize: 65, layers: 3, width: 16 };
  using model = new Transformer(config, initialParameters(config, new Rng(1)));
  const sizes = Object.values(model.parameters).map(({ size }) => size);
  assert.equal(parameterCount(config), 9 * 66 * 16 + 12 * 3 * 16 ** 2 + 16 * 65);
  assert.equal(sizes.reduce((a, b) => a + b), parameterCount(config));
  const shapes = Object.entries(model.parameters).map(([name, { shape }]) => [name, shape]);
  assert.deepEqual(Object.fromEntries(shapes), parameterShapes(config));
});

Deno.test("parameterCount() throws if the config makes no sense", () => {
  for (const senseless of [{ layers: 0 }, { layers: 1.5 }, { width: -1 }, { heads: 3 }]) {
    assert.throws(() => parameterCount({ ...TINY, ...senseless }), RangeError);
  }
});

Deno.test("initialParameters() throws if the model does not fit into memory", () => {
  const vast = { ...TINY, layers: 4, width: 12_288, heads: 8 };
  assert(parameterCount(vast) > 7e9); // which may still be asked
  assert.throws(() => initialParameters(vast, new Rng(1)), {
    name: "RangeError",
    message: /^A model of 7,\d{3},\d{3},\d{3} parameters does not fit into memory: give it fewer/,
  });
});

Deno.test("an untrained model expects every character alike", async () => {
  using model = new Transformer(TINY, initialParameters(TINY, new Rng(1)));
  const logits = tf.tidy(() => model.logits(tf.tensor2d(tokens, undefined, "int32")));
  assert((await logits.data()).every((x) => x === 0));
  logits.dispose();
});

Deno.test("initialParameters() depend on the generator's seed alone, name by name", () => {
  const used = new Rng(1);
  used.uniform();
  const parameters = initialParameters(TINY, new Rng(1));
  assert.deepEqual(initialParameters(TINY, used), parameters);
  const deeper = initialParameters({ ...TINY, layers: 3 }, new Rng(1));
  for (const [name, values] of Object.entries(parameters)) assert.deepEqual(deeper[name], values);
  const other = initialParameters(TINY, new Rng(2));
  assert.notDeepEqual(other.embedding, parameters.embedding);
  assert.notDeepEqual(parameters["blocks.0.mlp.up"], parameters["blocks.1.mlp.up"]);
});

Deno.test("initialParameters() have the scales that keep a signal's size", () => {
  const config = { ...TINY, vocabularySize: 99, width: 64 };
  const parameters = initialParameters(config, new Rng(1));
  const scale = (name: string) =>
    Math.sqrt(parameters[name]!.reduce((sum, x) => sum + x * x, 0) / parameters[name]!.length);
  const near = (a: number, b: number) => assert(Math.abs(a / b - 1) < 0.03, `${a} is not ${b}`);
  near(scale("embedding"), 0.02);
  near(scale("blocks.0.attention.qkv"), 1 / 8);
  near(scale("blocks.1.mlp.up"), 1 / 8);
  for (const name of ["blocks.0.attention.out", "blocks.1.mlp.down", "head"]) {
    assert.equal(scale(name), 0);
  }
});

Deno.test("a model frees all it had, and leaves nothing behind when it predicts", async () => {
  await assertNoLeak(() => predict(TINY, tokens));
  await assertNoLeak(() => predict(TINY, tokens, [3]));
});

Deno.test("Transformer throws if parameters are missing or of another size, and frees the rest", async () => {
  const { head: _, ...headless } = randomParameters(TINY, 1);
  const cases: [values: NamedArrays, message: RegExp][] = [
    [headless, /The parameter head has 0 numbers, but this config wants 8 × 5/],
    [{ ...headless, head: new Float32Array(39) }, /The parameter head has 39 numbers/],
  ];
  for (const [values, message] of cases) {
    await assertNoLeak(() =>
      assert.throws(() => new Transformer(TINY, values), { name: "RangeError", message })
    );
  }
});

Deno.test("Transformer throws if there is no text to read", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const nothing = tf.zeros<tf.Rank.R2>([1, 0], "int32");
  await assertNoLeak(() => assert.throws(() => model.logits(nothing), /There is no text to read/));
  nothing.dispose();
});

Deno.test("a config that makes no sense is told in a sentence", () => {
  const cases: [change: Partial<TransformerConfig>, message: RegExp][] = [
    [{ vocabularySize: 0 }, /The model's vocabularySize is 0: it must be a whole number/],
    [{ layers: 0 }, /layers is 0/],
    [{ width: -8 }, /width is -8/],
    [{ heads: 1.5 }, /heads is 1.5/],
    [{ context: NaN }, /context is NaN/],
    [{ heads: 3 }, /3 heads do not divide a width of 8.+multiple of 6/],
    [{ heads: 8 }, /8 heads do not divide a width of 8 into equal parts of even size/],
  ];
  for (const [change, message] of cases) {
    const config = { ...TINY, ...change };
    assert.throws(() => initialParameters(config, new Rng(1)), { name: "RangeError", message });
    assert.throws(() => new Transformer(config, {}), { name: "RangeError", message });
  }
});
