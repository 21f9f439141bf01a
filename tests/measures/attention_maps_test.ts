import assert from "node:assert/strict";
import { attentionMap, attentionMaps } from "dlm/measures/attention_maps.ts";
import { tf } from "dlm/backend/backend.ts";
import { forward, Transformer } from "dlm/model.ts";
import { splitHeads } from "dlm/ops/attention.ts";
import { reluSquared } from "dlm/ops/relu_squared.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { assertClose, assertNoLeak, randomParameters, TINY } from "../_support.ts";

const tokens = () => tf.tensor2d([[0, 3, 5, 1, 5, 4], [5, 2, 2, 5, 0, 1]], undefined, "int32");

for (const causal of [false, true]) {
  const config = { ...TINY, causal };

  Deno.test(`attentionMaps() are the weights with which ${causal ? "a causal" : "the"} model mixes`, async () => {
    using model = new Transformer(config, randomParameters(config, 1));
    const matrix = (name: string) => model.parameters[name] as tf.Tensor2D;
    const [found, expected] = tf.tidy(() => {
      const maps = attentionMaps(model, tokens());
      assert.deepEqual(maps.map(({ shape }) => shape), [[2, 2, 6, 6], [2, 2, 6, 6]]);
      // The model once more, with these weights in the place of its own attention.
      const first = forward(
        { ...config, layers: 0 },
        { parameters: { ...model.parameters, head: tf.eye(8) }, tokens: tokens() },
      );
      let x = first;
      maps.forEach((weights, i) => {
        const qkv: tf.Tensor2D = tf.matMul(rmsNorm(x), matrix(`blocks.${i}.attention.qkv`));
        const { v } = splitHeads(qkv, { batch: 2, heads: 2 });
        const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]); // [B, T, H, Dh]
        const rows: tf.Tensor2D = tf.reshape(mixed, [12, 8]);
        x = tf.add(x, tf.matMul(rows, matrix(`blocks.${i}.attention.out`)));
        const hidden = reluSquared(tf.matMul(rmsNorm(x), matrix(`blocks.${i}.mlp.up`)));
        x = tf.add(x, tf.matMul(hidden, matrix(`blocks.${i}.mlp.down`)));
      });
      const logits = tf.matMul(rmsNorm(x), matrix("head"));
      return [logits, forward(config, { parameters: model.parameters, tokens: tokens() })];
    });
    assertClose(await found!.data(), await expected!.data(), 1e-5);
    tf.dispose([found!, expected!]);
  });
}

Deno.test("attentionMaps() leaves nothing behind but the maps", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const read = tokens();
  await assertNoLeak(() => tf.dispose(attentionMaps(model, read)));
  read.dispose();
});

Deno.test("attentionMap() is one of the attentionMaps(), and leaves nothing behind", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  await assertNoLeak(async () => {
    const ids = Int32Array.of(0, 3, 5, 1, 5, 4);
    const read = tokens(); // of which this is the first sequence
    const maps = attentionMaps(model, read);
    for (const [block, weights] of maps.entries()) {
      const [expected] = await weights.array();
      for (const head of [0, 1]) {
        const found = await attentionMap(model, ids, { block, head });
        assertClose(found.flat(), expected![head]!.flat(), FLOAT32_TOLERANCE);
      }
    }
    tf.dispose([read, maps]);
  });
});

Deno.test("attentionMap() throws if there is no such block or head, or no text", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const ids = Int32Array.of(0, 3);
  const error = (message: string) => ({ name: "RangeError", message });
  for (const n of [2, -1, 0.5, NaN]) {
    const range = "the model has 2, so give a whole number from 0 to 1.";
    await assert.rejects(
      attentionMap(model, ids, { block: n, head: 0 }),
      error(`There is no block ${n}: ${range}`),
    );
    await assert.rejects(
      attentionMap(model, ids, { block: 0, head: n }),
      error(`There is no head ${n}: ${range}`),
    );
  }
  await assert.rejects(
    attentionMap(model, new Int32Array(0), { block: 0, head: 0 }),
    error("A text without characters cannot be read: give one at least."),
  );
  await assert.rejects(
    attentionMap(model, Int32Array.of(0, TINY.vocabularySize + 1), { block: 0, head: 0 }),
    { name: "RangeError", message: /^The text has the id 6, and the model knows 0 to 4/ },
  );
});
