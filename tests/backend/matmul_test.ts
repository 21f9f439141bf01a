import assert from "node:assert/strict";
import fc from "fast-check";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { installKernels } from "dlm/backend/kernels/mod.ts";
import relaxedSimd from "dlm/backend/kernels/relaxed_simd.wasm" with {
  type: "bytes",
};
import simd from "dlm/backend/kernels/simd.wasm" with { type: "bytes" };
import type { KernelExports } from "dlm/backend/kernels/_instance.ts";

/** Numbers in [-1, 1) that depend on `seed` and repeat after a long while. */
function numbers(length: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length },
    (_, i) => ((i * 7919 + seed * 104_729) % 2003) / 1001.5 - 1,
  );
}

/** The matrix in `memory` from number `start` on. */
function matrix(
  memory: Float32Array,
  start: number,
  rows: number,
  columns: number,
  transposed = false,
) {
  const [rowStride, columnStride] = transposed ? [1, rows] : [columns, 1];
  const layout: [number, number, number] = [start * 4, rowStride, columnStride];
  return {
    layout,
    end: start + rows * columns,
    at: (i: number, j: number) => memory[start + i * rowStride + j * columnStride]!,
  };
}

const size = fc.integer({ min: 1, max: 40 });

/** Rows, depth and columns beyond the size of a block. */
const LARGE: [number, number, number, boolean, boolean][] = [
  [197, 700, 11, false, false],
  [200, 513, 16, true, false],
  [3, 259, 1030, false, true],
  [194, 257, 19, true, true],
];

/** A build with memory of its own, in pages of 64 KiB. */
function instantiate(code: Uint8Array<ArrayBuffer>, pages: number) {
  const memory = new WebAssembly.Memory({ initial: pages });
  const module = new WebAssembly.Module(code);
  const kernels = new WebAssembly.Instance(module, {
    env: { memory, "Math.log": Math.log },
    product: { product: () => {} }, // attention calls it
  })
    .exports as unknown as KernelExports;
  return { kernels, view: new Float32Array(memory.buffer) };
}

for (const [name, code] of Object.entries({ relaxedSimd, simd })) {
  Deno.test(`matmul() of the ${name} build rounds alike wherever a number stands`, {
    ignore: !WebAssembly.validate(code),
  }, () => {
    const { kernels, view } = instantiate(code, 64);
    const start = kernels.matmulScratch() / 4;
    const [m, k, n] = [9, 1100, 11]; // whole tiles and parts of some, and more than two blocks deep
    const row = numbers(k, 1);
    const [a, b, c] = [start, start + m * k, start + (m + n) * k];
    for (let i = 0; i < m + n; i++) view.set(row, start + i * k);
    kernels.matmul(a * 4, k, 1, b * 4, 1, k, c * 4, n, m, k, n, 0);
    assert.equal(new Set(view.subarray(c, c + m * n)).size, 1);
  });

  Deno.test(`matmul() of the ${name} build multiplies all shapes and layouts`, {
    ignore: !WebAssembly.validate(code),
  }, () => {
    const { kernels, view } = instantiate(code, 64);
    const start = kernels.matmulScratch() / 4;
    const values = numbers(view.length - start, 0);
    const isRight = (
      ...[m, k, n, transposeA, transposeB]: typeof LARGE[number]
    ) => {
      view.set(values, start);
      const a = matrix(view, start, m, k, transposeA);
      const b = matrix(view, a.end, k, n, transposeB);
      const c = matrix(view, b.end + 1, m, n);
      view[b.end] = view[c.end] = 42;
      kernels.matmul(...a.layout, ...b.layout, c.layout[0], n, m, k, n, 0);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += a.at(i, l) * b.at(l, j);
          const error = Math.abs(c.at(i, j) - sum);
          assert.ok(error < 1e-6 * k, `wrong by ${error} at ${i}, ${j}`);
        }
      }
      assert.deepEqual([view[b.end], view[c.end]], [42, 42]);
    };
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), isRight),
      { examples: LARGE },
    );
  });
}

/** Sizes and depths beyond those of a block, and such as leave tiles at the edge. */
const LARGE_SQUARES: [number, number, boolean][] = [
  [197, 300, false],
  [390, 20, true],
  [1030, 3, false],
  [30, 1100, true],
];

for (const [name, code] of Object.entries({ relaxedSimd, simd })) {
  Deno.test(`matmul() of the ${name} build is the same where half of it is copied`, {
    ignore: !WebAssembly.validate(code),
  }, () => {
    const { kernels, view } = instantiate(code, 192);
    const start = kernels.matmulScratch() / 4;
    const isSame = (...[n, k, transposed]: typeof LARGE_SQUARES[number]) => {
      const x = matrix(view, start, n, k, transposed);
      view.set(numbers(n * k, n), start);
      const [, rowStride, columnStride] = x.layout;
      const factors = [...x.layout, x.layout[0], columnStride, rowStride]; // x · xᵀ
      const [plain, symmetric] = [x.end, x.end + n * n];
      view.fill(NaN, plain, symmetric + n * n);
      view[symmetric + n * n] = 42;
      kernels.matmul(...factors, plain * 4, n, n, k, n, 0);
      kernels.matmul(...factors, symmetric * 4, n, n, k, n, 1);
      for (let i = 0; i < n * n; i++) {
        assert.equal(view[symmetric + i], view[plain + i], `at ${Math.floor(i / n)}, ${i % n}`);
      }
      assert.equal(view[symmetric + n * n], 42);
    };
    fc.assert(fc.property(size, size, fc.boolean(), isSame), { examples: LARGE_SQUARES });
  });
}

/** The product without a matrix product: `[…, m, k] × […, k, n]`. */
function plainProduct(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.sum(tf.mul(tf.expandDims(a, -1), tf.expandDims(b, -3)), -2);
}

/** The largest difference between two tensors. */
async function difference(a: tf.Tensor, b: tf.Tensor): Promise<number> {
  assert.deepEqual(a.shape, b.shape);
  return (await tf.max(tf.abs(tf.sub(a, b))).data())[0]!;
}

const swapLast = (x: tf.Tensor3D) => tf.transpose(x, [0, 2, 1]);

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    Deno.test(`tf.matMul() and its gradients are right (${transposeA}, ${transposeB})`, async () => {
      const a = tf.tensor(
        numbers(2 * 9 * 11, 1),
        transposeA ? [2, 11, 9] : [2, 9, 11],
      );
      const b = tf.tensor(
        numbers(2 * 11 * 17, 2),
        transposeB ? [2, 17, 11] : [2, 11, 17],
      );
      const weights = tf.tensor(numbers(2 * 9 * 17, 3), [2, 9, 17]);
      const ours = tf.valueAndGrads((a, b) =>
        tf.sum(tf.mul(weights, tf.matMul(a!, b!, transposeA, transposeB)))
      )([a, b]);
      const plain = tf.valueAndGrads((a, b) =>
        tf.sum(tf.mul(
          weights,
          plainProduct(
            transposeA ? swapLast(a as tf.Tensor3D) : a!,
            transposeB ? swapLast(b as tf.Tensor3D) : b!,
          ),
        ))
      )([a, b]);
      assert.ok(await difference(ours.value, plain.value) < 1e-4);
      for (const [i, gradient] of ours.grads.entries()) {
        assert.ok(await difference(gradient, plain.grads[i]!) < 1e-5);
      }
    });
  }
}

Deno.test("tf.matMul() broadcasts the batch on either side", async () => {
  const a = tf.tensor(numbers(2 * 5 * 7, 1), [2, 1, 5, 7]);
  const b = tf.tensor(numbers(3 * 7 * 9, 2), [3, 7, 9]);
  const wideA = tf.broadcastTo(a, [2, 3, 5, 7]);
  const wideB = tf.broadcastTo(b, [2, 3, 7, 9]);
  assert.ok(
    await difference(tf.matMul(a, b), plainProduct(wideA, wideB)) < 1e-5,
  );
});

Deno.test("tf.matMul() over a depth of zero is zero", async () => {
  const product = tf.matMul(tf.zeros([3, 0]), tf.zeros([0, 2]));
  assert.deepEqual([...await product.data()], [0, 0, 0, 0, 0, 0]);
});

Deno.test("tf.matMul() throws if the numbers are not float32", () => {
  const whole = tf.ones([2, 2], "int32");
  assert.throws(() => tf.matMul(whole, whole), TypeError);
});

Deno.test("installKernels() leaves other backends alone", async () => {
  await useBackend("cpu");
  try {
    assert.equal(installKernels(), "none");
  } finally {
    await useBackend("wasm");
  }
});

Deno.test("installKernels() puts the kernels of tfjs back when none of ours are wanted", () => {
  const before = tf.getKernel("BatchMatMul", "wasm")!.kernelFunc;
  try {
    assert.equal(installKernels("none"), "none");
    assert.notEqual(tf.getKernel("BatchMatMul", "wasm")!.kernelFunc, before);
    assert.equal(tf.getKernel("RmsNorm", "wasm"), undefined);
  } finally {
    installKernels();
  }
  assert.equal(tf.getKernel("BatchMatMul", "wasm")!.kernelFunc, before);
});
