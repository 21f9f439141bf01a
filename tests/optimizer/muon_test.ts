import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { muonDirections, orthogonalize } from "dlm/optimizer/muon.ts";
import { Rng } from "dlm/rng.ts";
import {
  dot,
  FLOAT32_TOLERANCE,
  matMul,
  type Matrix,
  orthogonalize as reference,
  randomMatrix,
  transpose,
} from "../_reference.ts";
import { assertClose, assertNoLeak, testOnEachBackend } from "../_support.ts";

/** What five iterations make of a singular value, in doubles. */
function iterated(x: number): number {
  for (let i = 0; i < 5; i++) x = 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
  return x;
}

/** `U · diag(s) · Vᵀ` for `U`, `[R, K]`, and `V`, `[C, K]`. */
const compose = (u: Matrix, s: number[], v: Matrix) =>
  matMul(u.map((row) => row.map((x, k) => x * s[k]!)), transpose(v));

/** `[R, K]`, columns at right angles to each other and of length 1 (Gram and Schmidt). */
function orthonormal(rows: number, columns: number, rng: Rng): Matrix {
  const found: number[][] = [];
  for (let vector of randomMatrix(columns, rows, rng)) {
    for (const other of [...found, ...found]) { // twice, or rounding leaves something over
      const share = dot(vector, other);
      vector = vector.map((x, i) => x - share * other[i]!);
    }
    const length = Math.sqrt(dot(vector, vector));
    found.push(vector.map((x) => x / length));
  }
  return transpose(found);
}

const SHAPES = { square: [12, 12], wide: [8, 32], tall: [33, 7], "a row": [1, 5] } as const;

for (const [kind, [rows, columns]] of Object.entries(SHAPES)) {
  testOnEachBackend(`orthogonalize() keeps the singular vectors of what is ${kind}`, async () => {
    const rng = new Rng(1);
    const rank = Math.min(rows, columns);
    const [u, v] = [orthonormal(rows, rank, rng), orthonormal(columns, rank, rng)];
    const singular = Array.from({ length: rank }, () => 10 ** (-1.3 * rng.uniform()));
    const norm = Math.sqrt(dot(singular, singular));
    for (const scale of [1e-3, 1, 1e5]) {
      const found = singular.map((s) => iterated(s / (norm + 1e-7 / scale)));
      assert(found.every((s) => s > 0.68 && s < 1.21), `${found}`);
      const matrix = compose(u, singular.map((s) => s * scale), v);
      const result = tf.tidy(() => orthogonalize(tf.tensor3d([matrix])));
      assertClose(await result.data(), compose(u, found, v).flat(), 5e-5);
      result.dispose();
    }
  });
}

testOnEachBackend("orthogonalize() leaves zero what is zero, and nothing is NaN", async () => {
  const rng = new Rng(2);
  const [u, v] = [orthonormal(10, 3, rng), orthonormal(16, 3, rng)];
  const rankTwo = compose(u, [2, 1, 0], v);
  const nothing = rankTwo.map((row) => row.map(() => 0));
  const results = tf.tidy(() => tf.unstack(orthogonalize(tf.tensor3d([rankTwo, nothing]))));
  const found = [2, 1, 0].map((s) => iterated(s / Math.sqrt(5)));
  assertClose(await results[0]!.data(), compose(u, found, v).flat(), 5e-5);
  assert((await results[1]!.data()).every((x) => x === 0));
  tf.dispose(results);
});

testOnEachBackend(
  "muonDirections() takes the mean, looks ahead, and orthogonalises apart",
  async () => {
    const rng = new Rng(3);
    const shapes = {
      "a.qkv": [4, 12],
      "a.out": [4, 4],
      "a.up": [4, 16],
      "a.down": [16, 4],
    } as const;
    const draw = () =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, [r, c]]) => [name, randomMatrix(r, c, rng)]),
      );
    const [before, gradient] = [draw(), draw()];
    const mix = (a: Matrix, b: Matrix) =>
      a.map((row, i) => row.map((x, j) => 0.9 * x + 0.1 * b[i]![j]!));
    const toTensors = (matrices: Record<string, Matrix>) =>
      Object.fromEntries(Object.entries(matrices).map(([name, m]) => [name, tf.tensor2d(m)]));
    await assertNoLeak(async () => {
      const [starts, gradients] = [toTensors(before), toTensors(gradient)];
      const means = Object.fromEntries(
        Object.entries(starts).map(([name, mean]) => [name, tf.variable(mean)]),
      );
      const directions = muonDirections(means, gradients);
      for (const name of Object.keys(shapes)) {
        const mean = mix(before[name]!, gradient[name]!);
        assertClose(await means[name]!.data(), mean.flat(), FLOAT32_TOLERANCE);
        const ahead = mix(mean, gradient[name]!);
        const third = (n: number) => ahead.map((row) => row.slice(4 * n, 4 * n + 4));
        const parts = name === "a.qkv" ? [third(0), third(1), third(2)] : [ahead];
        const [q, k = [], v = []] = parts.map(reference);
        const expected = q!.flatMap((row, i) => [...row, ...k[i] ?? [], ...v[i] ?? []]);
        // Four outputs for each input want steps twice as long.
        const size = name === "a.up" ? 2 : 1;
        assertClose(await directions[name]!.data(), expected.map((x) => size * x), 5e-4);
      }
      tf.dispose([starts, gradients, means, directions]);
    });
  },
);
