import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { learningRateAt, Optimizer } from "dlm/optimizer/optimizer.ts";
import { Rng } from "dlm/rng.ts";
import { dot, FLOAT32_TOLERANCE, type Matrix, orthogonalize, randomMatrix } from "../_reference.ts";
import { assertClose, assertNoLeak, testOnEachBackend } from "../_support.ts";

const SHAPES: Record<string, [rows: number, columns: number]> = {
  "embedding": [5, 3],
  "blocks.0.mlp.up": [3, 12],
  "blocks.0.mlp.down": [12, 3],
  "head": [3, 4],
};
const MUON = ["blocks.0.mlp.up", "blocks.0.mlp.down"];

/** Matrices by parameter name. */
type Matrices = Record<string, Matrix>;

const mapNames = <T>(value: (name: string) => T): Record<string, T> =>
  Object.fromEntries(Object.keys(SHAPES).map((name) => [name, value(name)]));

const zip = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((x, j) => f(x, b[i]![j]!)));

const mix = (a: Matrix, b: Matrix, share: number) =>
  zip(a, b, (x, y) => share * x + (1 - share) * y);

/** The optimizer in doubles and loops. */
function referenceOptimizer(parameters: Matrices, muons: readonly string[]) {
  const zeros = () => mapNames((name) => parameters[name]!.map((row) => row.map(() => 0)));
  const state = { mean: zeros(), meanSquare: zeros(), average: { ...parameters } };
  const muon = (name: string, gradient: Matrix): Matrix => {
    const mean = state.mean[name] = mix(state.mean[name]!, gradient, 0.9);
    const size = Math.sqrt(Math.max(1, gradient[0]!.length / gradient.length));
    return orthogonalize(mix(mean, gradient, 0.9)).map((row) => row.map((x) => size * x));
  };
  const adamW = (name: string, gradient: Matrix, step: number): Matrix => {
    const squares = zip(gradient, gradient, (x, y) => x * y);
    const mean = state.mean[name] = mix(state.mean[name]!, gradient, 0.9);
    const square = state.meanSquare[name] = mix(state.meanSquare[name]!, squares, 0.95);
    const corrected = (value: number, beta: number) => value / (1 - beta ** step);
    return zip(mean, square, (m, s) => corrected(m, 0.9) / (Math.sqrt(corrected(s, 0.95)) + 1e-8));
  };
  const step = (gradients: Matrices, rates: { adamW: number; muon: number }, step: number) => {
    const all = Object.values(gradients).flat(2);
    const norm = Math.sqrt(dot(all, all));
    for (const name of Object.keys(SHAPES)) {
      const clipped = gradients[name]!.map((row) => row.map((x) => x / Math.max(1, norm)));
      const [direction, rate] = muons.includes(name)
        ? [muon(name, clipped), rates.muon]
        : [adamW(name, clipped, step), rates.adamW];
      const decay = name === "embedding" ? 0 : 0.1;
      parameters[name] = zip(parameters[name]!, direction, (p, d) => p - rate * (d + decay * p));
      const keep = Math.min(0.995, step / (step + 10));
      state.average[name] = mix(state.average[name]!, parameters[name]!, keep);
    }
    return norm;
  };
  return { state, step };
}

testOnEachBackend("the optimizer takes the steps of plain loops", async () => {
  await assertStepsOfLoops(true);
});

testOnEachBackend("without Muon, AdamW trains the matrices of the blocks too", async () => {
  await assertStepsOfLoops(false);
});

async function assertStepsOfLoops(muon: boolean): Promise<void> {
  const rng = new Rng(1);
  const draw = (scale: number): Matrices =>
    mapNames((name) => randomMatrix(...SHAPES[name]!, rng).map((row) => row.map((x) => x * scale)));
  const expected = draw(1);
  const parameters = mapNames((name) => tf.variable(tf.tensor2d(expected[name]!)));
  using optimizer = new Optimizer(parameters, undefined, { muon });
  const muons = muon ? MUON : [];
  const loops = referenceOptimizer(expected, muons);

  for (let step = 1; step <= 6; step++) {
    const values = draw(step % 2 === 0 ? 2 : 0.01); // to be clipped every other time
    const gradients = mapNames((name) => tf.tensor2d(values[name]!));
    const [learningRate, matrixLearningRate] = [0.1 / step, 0.2 / step];
    const norm = await optimizer.step(gradients, { step, learningRate, matrixLearningRate });
    const rates = { adamW: learningRate, muon: matrixLearningRate };
    assertClose([norm], [loops.step(values, rates, step)], FLOAT32_TOLERANCE);
    tf.dispose(gradients);
  }
  for (const name of Object.keys(SHAPES)) {
    assertClose(await parameters[name]!.data(), expected[name]!.flat(), 1e-5);
    for (const part of ["mean", "meanSquare", "average"] as const) {
      const found = optimizer.state[part][name];
      const none = part === "meanSquare" && muons.includes(name);
      assert.equal(found === undefined, none, `${part} of ${name}`);
      if (found) assertClose(await found.data(), loops.state[part][name]!.flat(), 1e-5);
    }
  }
  tf.dispose(parameters);
}

Deno.test("a first step changes a matrix by the rate, whatever the gradient's size", async () => {
  const name = "blocks.0.attention.out";
  for (const size of [0.1, 1, 100]) {
    const parameters = { [name]: tf.variable(tf.zeros([2, 2])) };
    const gradients = { [name]: tf.tensor2d([[0, 3 * size], [-3 * size, 0]]) };
    using optimizer = new Optimizer(parameters);
    await optimizer.step(gradients, { step: 1, learningRate: 1, matrixLearningRate: 0.1 });
    // Both singular values, at first 1/√2, become 1.1065, 0.7121, 1.1006, 0.7058 and 1.1081.
    assertClose(await parameters[name]!.data(), [0, -0.11081, 0.11081, 0], 1e-4);
    tf.dispose([parameters, gradients]);
  }
});

Deno.test("the optimizer stands still where there is no gradient and no decay", async () => {
  const parameters = {
    embedding: tf.variable(tf.tensor2d([[1, -2]])),
    "blocks.0.mlp.up": tf.variable(tf.zeros([1, 2])),
  };
  const gradients = { embedding: tf.zeros([1, 2]), "blocks.0.mlp.up": tf.zeros([1, 2]) };
  using optimizer = new Optimizer(parameters);
  const rates = { learningRate: 1, matrixLearningRate: 1 };
  assert.equal(await optimizer.step(gradients, { step: 1, ...rates }), 0);
  assert.deepEqual([...await parameters.embedding.data()], [1, -2]);
  assert.deepEqual([...await parameters["blocks.0.mlp.up"].data()], [0, 0]);
  tf.dispose([parameters, gradients]);
});

Deno.test("the optimizer clips by the norm of the whole team's gradient", async () => {
  const parameters = { head: tf.variable(tf.zeros([1, 2])) };
  const gradients = { head: tf.tensor2d([[3, 0]]) };
  const numbers = Float32Array.of(0, 4 ** 2); // the other's sum of squares
  using optimizer = new Optimizer(parameters, { rank: 0, size: 2, slots: [], numbers, meet() {} });
  const rates = { learningRate: 1, matrixLearningRate: 1 };
  assertClose([await optimizer.step(gradients, { step: 1, ...rates })], [5], FLOAT32_TOLERANCE);
  const [mean] = await optimizer.state.mean.head!.data();
  assertClose([mean!], [0.1 * 3 / 5], FLOAT32_TOLERANCE);
  assert.deepEqual(Object.keys(optimizer.state.average), ["head"]);
  tf.dispose([parameters, gradients]);
});

Deno.test("the optimizer of no parameters takes its steps", async () => {
  using optimizer = new Optimizer({}); // as in a team of more Workers than there are parameters
  const rates = { learningRate: 0.1, matrixLearningRate: 0.1 };
  assert.equal(await optimizer.step({}, { step: 1, ...rates }), 0);
});

Deno.test("the optimizer leaves no tensors behind", async () => {
  const parameters = mapNames((name) => tf.tidy(() => tf.variable(tf.ones(SHAPES[name]!))));
  const gradients = mapNames((name) => tf.ones(SHAPES[name]!));
  const rates = { learningRate: 0.1, matrixLearningRate: 0.1 };
  await assertNoLeak(async () => {
    using optimizer = new Optimizer(parameters);
    await optimizer.step(gradients, { step: 1, ...rates }); // the averages get numbers of their own
    await assertNoLeak(() => optimizer.step(gradients, { step: 2, ...rates }));
  });
  tf.dispose([parameters, gradients]);
});

Deno.test("learningRateAt() rises to the peak in the first steps and falls to zero at the end", () => {
  const rate = (step: number, progress: number) =>
    learningRateAt(step, progress, { peak: 4, warmupSteps: 3 });
  assert.deepEqual([1, 2, 3, 4, 5].map((step) => rate(step, 0)), [1, 2, 3, 4, 4]);
  assert.deepEqual([0.25, 0.5, 0.75, 1].map((share) => rate(100, share)), [3, 2, 1, 0]);
  assert.equal(rate(2, 0.5), 1);
  assert.equal(learningRateAt(1, 0, { peak: 4, warmupSteps: 0 }), 4);
});

Deno.test("learningRateAt() throws if the peak is not above zero", () => {
  for (const peak of [0, -1, NaN, Infinity]) {
    assert.throws(() => learningRateAt(1, 0, { peak, warmupSteps: 3 }), {
      name: "RangeError",
      message: /above 0/,
    });
  }
});

Deno.test("learningRateAt() throws if the warm-up is no number of steps", () => {
  for (const warmupSteps of [-1, NaN, Infinity]) {
    assert.throws(() => learningRateAt(1, 0, { peak: 1, warmupSteps }), {
      name: "RangeError",
      message: /give 0 or more/,
    });
  }
});

testOnEachBackend("late in a run, the average keeps 0.995 of what it was", async () => {
  const parameters = { head: tf.variable(tf.zeros([1, 2])) };
  const gradients = { head: tf.tensor2d([[0.3, -0.4]]) };
  using optimizer = new Optimizer(parameters);
  await optimizer.step(gradients, { step: 1e5, learningRate: 1, matrixLearningRate: 1 });
  const moved = await parameters.head.data();
  const expected = Array.from(moved, (x) => 0.005 * x);
  assertClose(await optimizer.state.average.head!.data(), expected, 1e-5);
  tf.dispose([parameters, gradients]);
});
