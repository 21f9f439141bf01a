import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { replyTo } from "dlm/course/check_answer.ts";
import type { GetMatrix, OwnNetwork } from "dlm/course/own_network.ts";
import { attention } from "dlm/ops/attention.ts";
import { embed, embedNeighbours } from "dlm/ops/embed.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { assertNoLeak } from "../../_support.ts";

Deno.test("03.1 wants a width that eight heads can share", async () => {
  assert.equal(await replyTo("03.1", 192), "Right: it is 192.");
  assert.match(await replyTo("03.1", 200.7), /too high. So much for the sum. But eight heads/);
  assert.match(await replyTo("03.1", 200), /one of them without a partner/);
  assert.match(await replyTo("03.1", 204.1), /The blocks are not everything/);
  assert.match(await replyTo("03.1", 176), /too low. Put L = 8/);
});

Deno.test("03.2 counts the weights of all heads against queries, keys and values", async () => {
  assert.equal(await replyTo("03.2", 3 * 128 / 4), "Right: it is 96.");
  assert.match(await replyTo("03.2", 384), /Each head has weights of its own/);
  assert.match(await replyTo("03.2", 32), /there are three of each number/);
});

Deno.test("03.3 wants a softmax that large scores do not break", async () => {
  const mixing = (shift: (scores: number[]) => number) => (scores: number[]) => {
    const powers = scores.map((score) => Math.exp(score - shift(scores)));
    const sum = powers.reduce((a, b) => a + b);
    return [10, 20, 60].reduce((mix, value, j) => mix + value * powers[j]! / sum, 0);
  };
  assert.match(await replyTo("03.3", mixing((scores) => Math.max(...scores))), /^Right: for small/);
  const slips: [RegExp, (scores: number[]) => number][] = [
    [/^Nearly: .* for \(1000, 0, 0\) it gives NaN, and not 10:/, () => 0],
    [/^Nearly: .* for \(5000, 0, 0\)/, (scores) => scores.reduce((a, b) => a + b) / 3],
    [/^Nearly: .* for \(0, 0, 1000\) it gives NaN, and not 60:/, ([first]) => first!],
    [/^Nearly: .* for \(-1000, -1000, -1000\)/, (scores) => Math.max(0, ...scores)],
  ];
  for (const [said, shift] of slips) assert.match(await replyTo("03.3", mixing(shift)), said);
  const clamped = mixing(() => 0);
  const clamp = (s: number) => Math.max(-700, Math.min(700, s));
  assert.match(
    await replyTo("03.3", (scores: number[]) => clamped(scores.map(clamp))),
    /for \(1001, 1000, 1000\) it gives 30, and not 22\.72:/,
  );
  const later = (scores: number[]) => Promise.resolve(mixing((all) => Math.max(...all))(scores));
  assert.match(await replyTo("03.3", later), /^Right/);
  const unnormed = (scores: number[]) =>
    [10, 20, 60].reduce((mix, value, j) => mix + value * Math.exp(scores[j]!), 0);
  assert.match(await replyTo("03.3", unnormed), /The weights have to add up to 1/);
  assert.match(await replyTo("03.3", () => NaN), /^No answer yet/);
});

Deno.test("03.4 turns the slowest pair once in 1000 places", async () => {
  const base = (1000 / (2 * Math.PI)) ** (32 / 30);
  assert.equal(base ** (-30 / 32) * 1000 / (2 * Math.PI), 1);
  assert.match(await replyTo("03.4", base), /^Right: it is 223\./);
  assert.match(await replyTo("03.4", 159.15), /the last one is number 15/);
  assert.match(await replyTo("03.4", 1584.9), /an angle of 2π/);
});

/** The MLP of a block, from the row that it reads. */
type Mlp = (x: tf.Tensor2D, matrix: GetMatrix, i: number) => tf.Tensor;

const [V, D, L, H] = [5, 24, 2, 2];

/** The network that the notebook gives, with another MLP. */
function networkWith(mlp: Mlp): OwnNetwork {
  return (tokens, matrix) => {
    const size = { batch: tokens.shape[0], heads: H, causal: false };
    const table = matrix("neighbours", 8 * (V + 1), D);
    const around = embedNeighbours(table, tokens, [-1, -2, -3, -4, 1, 2, 3, 4]);
    let x: tf.Tensor2D = tf.add(embed(matrix("embedding", V + 1, D), tokens), around);
    x = rmsNorm(x);
    for (let i = 0; i < L; i++) {
      const qkv = tf.matMul(rmsNorm(x), matrix(`${i} qkv`, D, 3 * D)) as tf.Tensor2D;
      x = tf.add(x, tf.matMul(attention(qkv, size), matrix(`${i} out`, D, D)));
      x = tf.add(x, mlp(x, matrix, i));
    }
    return tf.matMul(rmsNorm(x), matrix("head", D, V));
  };
}

const gated = (m: number, open: (gate: tf.Tensor, up: tf.Tensor) => tf.Tensor): Mlp =>
(
  x,
  matrix,
  i,
) => {
  const gate = tf.matMul(rmsNorm(x), matrix(`${i} gate`, D, m));
  const up = tf.matMul(rmsNorm(x), matrix(`${i} up`, D, m));
  return tf.matMul(open(gate, up), matrix(`${i} down`, m, D));
};

const right = (gate: tf.Tensor, up: tf.Tensor) => tf.mul(tf.relu(gate), up);

Deno.test("03.5 accepts a gated MLP with as many parameters, and frees all", async () => {
  await assertNoLeak(async () => {
    const reply = await replyTo("03.5", networkWith(gated(64, right)));
    assert.match(
      reply,
      /^Right: a gate in each block, 15240 parameters as before, and the slopes agree/,
    );
  });
});

Deno.test("03.5 says what is wrong with a gate", async () => {
  const reply = (mlp: Mlp) => replyTo("03.5", networkWith(mlp));
  const ours: Mlp = (x, matrix, i) => {
    const found = tf.square(tf.relu(tf.matMul(rmsNorm(x), matrix(`${i} up`, D, 4 * D))));
    return tf.matMul(found, matrix(`${i} down`, 4 * D, D));
  };
  assert.match(await reply(ours), /^No answer yet: this network asks for no gate/);
  assert.match(await reply(gated(96, right)), /4608 too many\. .* How many do three matrices/);
  assert.match(
    await reply(gated(64, (gate, up) => tf.mul(tf.square(tf.relu(gate)), up))),
    /Here the gate is not squared/,
  );
  assert.match(await reply(gated(64, (gate, up) => right(up, gate))), /It is the gate that loses/);
  assert.match(await reply(gated(64, tf.mul)), /lets nothing negative through/);
  assert.match(
    await reply(gated(64, (gate, up) => tf.mul(tf.relu(gate), tf.relu(up)))),
    /may be negative/,
  );
  assert.match(await reply(gated(64, tf.add)), /the parameters are right, but what comes out/);
  const wrongRule = (gate: tf.Tensor, up: tf.Tensor) =>
    tf.customGrad((gate, up) => ({
      value: right(gate as tf.Tensor, up as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => [dy, dy],
    }))(gate, up);
  assert.match(await reply(gated(64, wrongRule)), /its gradient does not agree/);
  const renamed: Mlp = (x, matrix, i) =>
    gated(64, right)(x, (name, ...size) => matrix(name.replace("up", "in"), ...size), i);
  assert.match(await reply(renamed), /there is no matrix "0 up"/);
  assert.match(await reply((x) => tf.slice(x, [0, 0], [1, 1])), /asks for no gate/);
  assert.match(
    await replyTo("03.5", (tokens: tf.Tensor2D) => tf.zeros([tokens.size, V + 1])),
    /ended with an error. For 6 texts of 8 characters, the logits are \[48, 6\] where \[48, 5\]/,
  );
});
