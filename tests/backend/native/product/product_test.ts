import assert from "node:assert/strict";
import fc from "fast-check";
import { openBlas } from "dlm/backend/native/product/blas.ts";
import { createProduct } from "dlm/backend/native/product/product.ts";
import { detectProcessor } from "dlm/backend/native/processor.ts";
import { Rng } from "dlm/rng.ts";

// Machine code may be called under `deno test -A` only, and where the processor has the vectors.
const ffi = (await Deno.permissions.query({ name: "ffi" })).state === "granted";
const sets = ffi ? detectProcessor().processor?.vectors ?? [] : [];

/** What stands for a Mac's Accelerate: Debian's OpenBLAS, if it is installed. */
const OPENBLAS = "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0";
const openblas = ffi && await Deno.stat(OPENBLAS).then(() => true, () => false);

const WAYS = ["avx2", "avx512", "a BLAS"] as const;

/** Memory with a product that works in it. */
function start(way: typeof WAYS[number]) {
  const memory = new WebAssembly.Memory({ initial: 256 });
  const view = new Float32Array(memory.buffer);
  const mirror = (c: number, stride: number, rows: number) => {
    const numbers = new Float32Array(memory.buffer, c);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < i; j++) numbers[i * stride + j] = numbers[j * stride + i]!;
    }
  };
  const product = way === "a BLAS"
    ? openBlas(OPENBLAS, memory)
    : createProduct(way, memory, mirror);
  return { memory, view, product };
}

/** Rows × columns of random numbers from `start` on, in one layout or the other. */
function matrix(view: Float32Array, start: number, rows: number, columns: number, across: boolean) {
  const rng = new Rng(start + rows);
  for (let i = 0; i < rows * columns; i++) view[start + i] = rng.uniform() - 0.5;
  const [rowStride, columnStride] = across ? [1, rows] : [columns, 1];
  return {
    layout: [4 * start, rowStride, columnStride] as const,
    at: (i: number, j: number) => view[start + i * rowStride + j * columnStride]!,
    end: start + rows * columns,
  };
}

const size = fc.integer({ min: 1, max: 70 });

/** Beyond a block's depth, rows and columns, with tiles and panels that are not whole. */
const LARGE: [number, number, number, boolean, boolean][] = [
  [171, 17, 40, false, false],
  [200, 300, 33, true, false],
  [29, 513, 65, false, true],
  [15, 257, 1030, true, true],
  [30, 1024, 120, false, false], // rows that crowd the same places in the cache
  [1, 1, 1, false, false],
  [1, 9, 5, true, true],
  [5, 9, 1, true, false],
];

for (const set of WAYS) {
  const ignore = set === "a BLAS" ? !openblas : !sets.includes(set);

  Deno.test(`the product of ${set} multiplies all shapes and layouts`, { ignore }, () => {
    const { view, product } = start(set);
    const isRight = (...[m, k, n, aAcross, bAcross]: typeof LARGE[number]) => {
      const a = matrix(view, 64, m, k, aAcross);
      const b = matrix(view, a.end, k, n, bAcross);
      const c = b.end + 1;
      view.fill(NaN, b.end, c + m * n + 1);
      product(...a.layout, ...b.layout, 4 * c, n, m, k, n, 0);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += a.at(i, l) * b.at(l, j);
          const error = Math.abs(view[c + i * n + j]! - sum);
          assert(error < 1e-6 * k, `wrong by ${error} at ${i}, ${j}`);
        }
      }
      assert(isNaN(view[b.end]!) && isNaN(view[c + m * n]!), "nothing else is written");
    };
    fc.assert(fc.property(size, size, size, fc.boolean(), fc.boolean(), isRight), {
      examples: LARGE,
    });
  });

  Deno.test(`the product of ${set} is the same where half of it is copied`, { ignore }, () => {
    const { view, product } = start(set);
    const isSame = (n: number, k: number, across: boolean) => {
      const x = matrix(view, 64, n, k, across);
      const [address, row, column] = x.layout;
      const [plain, half] = [x.end, x.end + n * n];
      view.fill(NaN, plain, half + n * n);
      view[half + n * n] = 42;
      product(address, row, column, address, column, row, 4 * plain, n, n, k, n, 0);
      product(address, row, column, address, column, row, 4 * half, n, n, k, n, 1);
      assert.deepEqual(view.slice(half, half + n * n), view.slice(plain, plain + n * n));
      assert.equal(view[half + n * n], 42);
    };
    fc.assert(fc.property(size, size, fc.boolean(), isSame), {
      examples: [[200, 300, false], [390, 20, true], [1030, 3, false]],
    });
  });

  Deno.test(`the product of ${set} rounds a row alike wherever it stands`, {
    ignore: ignore || set === "a BLAS", // which promises no such thing
  }, () => {
    const { view, product } = start(set);
    const [m, k, n] = [200, 600, 37]; // tiles of two heights, and three blocks deep
    for (const across of [false, true]) {
      const b = matrix(view, 64, k, n, false);
      const a = matrix(view, b.end, m, k, across);
      for (let i = 1; i < m; i++) { // all rows are the first
        for (let l = 0; l < k; l++) {
          view[b.end + (across ? i + l * m : i * k + l)] = a.at(0, l);
        }
      }
      const c = a.end;
      product(...a.layout, ...b.layout, 4 * c, n, m, k, n, 0);
      for (let i = 1; i < m; i++) {
        assert.deepEqual(view.slice(c + i * n, c + (i + 1) * n), view.slice(c, c + n));
      }
    }
  });

  Deno.test(`the product of ${set} follows the memory when it grows`, { ignore }, () => {
    const { memory, product } = start(set);
    for (let pages = 0; pages < 3; pages++) {
      const view = new Float32Array(memory.buffer);
      const start = view.length - 100; // where there was nothing before
      view.set([1, 2, 3, 4], start);
      product(4 * start, 2, 1, 4 * start, 2, 1, 4 * (start + 8), 2, 2, 2, 2, 0);
      assert.deepEqual([...view.slice(start + 8, start + 12)], [7, 10, 15, 22]);
      memory.grow(1000);
    }
  });

  Deno.test(`the product of ${set} is zero without any depth`, { ignore }, () => {
    const { view, product } = start(set);
    view.fill(NaN, 0, 100);
    product(0, 0, 1, 0, 3, 1, 40, 5, 2, 0, 3, 0);
    assert.deepEqual([...view.slice(10, 13), ...view.slice(15, 18)], [0, 0, 0, 0, 0, 0]);
    assert(isNaN(view[13]!) && isNaN(view[18]!));
  });
}
