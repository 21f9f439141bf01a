/**
 * Time of each op that has a kernel of its own, beside that of the plain ops it stands for:
 * value and gradient, if it has one, for 32 sequences of 128 characters at width 128 with 4 heads.
 */
import { tf } from "dlm/backend/backend.ts";
import { attention, plainAttention } from "dlm/ops/attention.ts";
import { plainSurprisals, surprisals } from "dlm/ops/cross_entropy.ts";
import { plainReluSquared, reluSquared } from "dlm/ops/relu_squared.ts";
import { plainRmsNorm, rmsNorm } from "dlm/ops/rms_norm.ts";
import { plainSumRows, sumRows } from "dlm/ops/sum_rows.ts";
import { symmetricMatMul } from "dlm/ops/symmetric_matmul.ts";
import { plainWeightedSum, weightedSum } from "dlm/ops/weighted_sum.ts";
import { Rng } from "dlm/rng.ts";

const [rows, width, characters] = [32 * 128, 128, 65];
const rng = new Rng(1);

/** Standard normal numbers. */
function normal(rows: number, columns: number): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from({ length: rows * columns }, () => rng.normal()), [
    rows,
    columns,
  ]);
}

type Op = (x: tf.Tensor2D) => tf.Tensor;

function bench(group: string, x: tf.Tensor2D, ops: { kernel: Op; plain: Op }): void {
  const dy = tf.tidy(() => tf.onesLike(ops.kernel(x)));
  for (const [name, op] of Object.entries(ops)) {
    const gradient = tf.valueAndGrad(op as (x: tf.Tensor) => tf.Tensor);
    Deno.bench({ name, group, fn: () => tf.dispose({ ...gradient(x, dy) }) });
  }
}

/** Of ops that only the optimizer needs, the value alone. */
function benchValue(group: string, ops: { kernel: () => tf.Tensor; plain: () => tf.Tensor }): void {
  for (const [name, op] of Object.entries(ops)) {
    Deno.bench({ name, group, fn: () => op().dispose() });
  }
}

const heads = { batch: 32, heads: 4, causal: false };
bench("attention", normal(rows, 3 * width), {
  kernel: (x) => attention(x, heads),
  plain: (x) => plainAttention(x, heads),
});
bench("norm", normal(rows, width), { kernel: rmsNorm, plain: plainRmsNorm });
bench("activation", normal(rows, 4 * width), { kernel: reluSquared, plain: plainReluSquared });

const tokens = tf.tensor1d(Array.from({ length: rows }, (_, i) => i % characters), "int32");
const indices = tf.tensor2d(
  Array.from({ length: rows }, (_, i) => [i % characters]),
  undefined,
  "int32",
);
bench("embedding", normal(characters, width), {
  kernel: (x) => sumRows(x, indices),
  plain: (x) => plainSumRows(x, indices),
});
bench("surprisals", normal(rows, characters), {
  kernel: (x) => surprisals(x, tokens),
  plain: (x) => plainSurprisals(x, tokens),
});

const matrices = tf.reshape(normal(4 * width, 4 * width), [4, width, 4 * width]);
benchValue("symmetric product", {
  kernel: () => symmetricMatMul(matrices, matrices, false, true),
  plain: () => tf.matMul(matrices, matrices, false, true),
});
benchValue("weighted sum", {
  kernel: () => weightedSum(matrices, matrices, [0.95, 0.05]),
  plain: () => plainWeightedSum(matrices, matrices, [0.95, 0.05]),
});
