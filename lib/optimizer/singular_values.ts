/** As good as a right angle between two rows, in comparison with their lengths. */
const RIGHT_ANGLE = 1e-12;
/** Passes through all pairs; some ten are enough for hundreds of rows. */
const MOST_PASSES = 50;

/**
 * The singular values of a matrix: by how much it stretches vectors, in each of the directions
 * that it keeps at right angles to each other.
 *
 * Rows are turned against each other, pair by pair, until all of them stand at right angles; what
 * is left of the matrix then are their lengths (Hestenes, 1958, "Inversion of matrices by
 * biorthogonalization and related results").
 *
 * @example
 * ```ts
 * import { singularValues } from "dlm/optimizer/singular_values.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(singularValues([[0, 3], [-2, 0]]), [3, 2]);
 * ```
 *
 * @param matrix `[R, C]`
 * @returns `min(R, C)` of them, the largest first
 */
export function singularValues(matrix: readonly (readonly number[])[]): number[] {
  const tall = matrix.length > (matrix[0]?.length ?? 0);
  const rows = (tall ? transpose(matrix) : matrix).map((row) => Float64Array.from(row));
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    let turned = false;
    for (let p = 0; p < rows.length; p++) {
      for (let q = p + 1; q < rows.length; q++) turned = turn(rows[p]!, rows[q]!) || turned;
    }
    if (!turned) break;
  }
  return rows.map((row) => Math.sqrt(dot(row, row))).sort((a, b) => b - a);
}

/** Turns two rows, in their plane, until they stand at a right angle; false if they do so already. */
function turn(a: Float64Array, b: Float64Array): boolean {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(ab) <= RIGHT_ANGLE * Math.sqrt(aa * bb)) return false;
  const slope = (bb - aa) / (2 * ab);
  const tangent = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.hypot(1, slope));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    a[i] = cosine * x - sine * y;
    b[i] = sine * x + cosine * y;
  }
  return true;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function transpose(matrix: readonly (readonly number[])[]): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}
