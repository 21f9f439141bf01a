import assert from "node:assert/strict";
import { singularValues } from "dlm/optimizer/singular_values.ts";
import { Rng } from "dlm/rng.ts";
import { dot, matMul, type Matrix, randomMatrix, transpose } from "../_reference.ts";
import { assertClose } from "../_support.ts";

/** The trace of `(M·Mᵀ)ⁿ`: the sum of the singular values, each to the power of 2n. */
function trace(matrix: Matrix, n: number): number {
  const gram = matMul(matrix, transpose(matrix));
  let power = gram;
  for (let i = 1; i < n; i++) power = matMul(power, gram);
  return power.reduce((sum, row, i) => sum + row[i]!, 0);
}

Deno.test("singularValues() has the sums of powers that the matrix has", () => {
  const rng = new Rng(1);
  for (const [rows, columns] of [[6, 6], [4, 9], [11, 3], [1, 5], [5, 1]] as const) {
    const matrix = randomMatrix(rows, columns, rng);
    const found = singularValues(matrix);
    assert.equal(found.length, Math.min(rows, columns));
    assert.deepEqual(found, found.toSorted((a, b) => b - a));
    for (const n of [1, 2, 3]) {
      const expected = trace(matrix, n);
      const sum = found.reduce((sum, s) => sum + s ** (2 * n), 0);
      assert(Math.abs(sum - expected) < 1e-9 * expected, `${rows} x ${columns}, power ${2 * n}`);
    }
  }
});

Deno.test("singularValues() finds those of zero where rows depend on each other", () => {
  assertClose(singularValues([[1, 2], [2, 4], [3, 6]]), [Math.sqrt(70), 0], 1e-12);
  assert.deepEqual(singularValues([[0, 0], [0, 0]]), [0, 0]);
  const row = [3, 4];
  assert.deepEqual(singularValues([row]), [Math.sqrt(dot(row, row))]);
});

Deno.test("singularValues() leaves the matrix as it was", () => {
  const matrix = [[1, 1], [0, 1]];
  singularValues(matrix);
  assert.deepEqual(matrix, [[1, 1], [0, 1]]);
});
