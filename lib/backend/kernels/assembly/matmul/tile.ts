// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// One tile of a product, the innermost loop.
//
// Its sums stay in registers. Of its first four rows one step into the depth is a vector a, which
// times a vector b of the right factor gives the diagonal of a square of the product; a turned by
// one place gives the diagonal below, and so on, each going round:
//
//            b0    b1    b2    b3
//      a0    d0    d3    d2    d1         d0 = a0·b0  a1·b1  a2·b2  a3·b3
//      a1    d1    d0    d3    d2         d1 = a1·b0  a2·b1  a3·b2  a0·b3
//      a2    d2    d1    d0    d3         d2 = a2·b0  a3·b1  a0·b2  a1·b3
//      a3    d3    d2    d1    d0         d3 = a3·b0  a0·b1  a1·b2  a2·b3
//
// So these rows take one load, where it would be four to spread each number over a vector of its
// own, as is done for the last two rows, which make up no square. Only when all steps are summed
// are the diagonals put together to rows.

import { multiplyAdd } from "../vector.ts";

// A tile is 6 rows by 8 columns: twelve vector registers of sums, two of the right factor and one
// of the left are those that V8 has to give. The larger a tile, the fewer loads for each
// multiply-add, and before every load V8 checks that it stays within the memory.
export const TILE_ROWS: i32 = 6;
export const TILE_COLUMNS: i32 = 8;

// Steps into the depth between two ends of the innermost loop, where V8 looks for interrupts. All
// panels have a multiple of them: zeros make up what is missing.
const STEPS: i32 = 4;

/** The sums of one tile over the depth of a block, which set `c` or are added to it. @inline */
export function multiplyTile(
  left: usize,
  right: usize,
  steps: i32,
  c: usize,
  rowBytes: i32,
  add: bool,
): void {
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  let d2 = f32x4.splat(0);
  let d3 = f32x4.splat(0);
  let e0 = f32x4.splat(0);
  let e1 = f32x4.splat(0);
  let e2 = f32x4.splat(0);
  let e3 = f32x4.splat(0);
  let f0 = f32x4.splat(0);
  let f1 = f32x4.splat(0);
  let g0 = f32x4.splat(0);
  let g1 = f32x4.splat(0);
  const end = left + (steps * TILE_ROWS << 2);
  while (left < end) {
    // @unroll
    for (let step = 0; step < STEPS; step++) {
      const b0 = v128.load(right, 32 * step);
      const b1 = v128.load(right, 32 * step + 16);
      let a = v128.load(left, 24 * step);
      d0 = multiplyAdd(a, b0, d0), e0 = multiplyAdd(a, b1, e0);
      a = v128.shuffle<f32>(a, a, 1, 2, 3, 0);
      d1 = multiplyAdd(a, b0, d1), e1 = multiplyAdd(a, b1, e1);
      a = v128.shuffle<f32>(a, a, 1, 2, 3, 0);
      d2 = multiplyAdd(a, b0, d2), e2 = multiplyAdd(a, b1, e2);
      a = v128.shuffle<f32>(a, a, 1, 2, 3, 0);
      d3 = multiplyAdd(a, b0, d3), e3 = multiplyAdd(a, b1, e3);
      a = v128.load32_splat(left, 24 * step + 16);
      f0 = multiplyAdd(a, b0, f0), f1 = multiplyAdd(a, b1, f1);
      a = v128.load32_splat(left, 24 * step + 20);
      g0 = multiplyAdd(a, b0, g0), g1 = multiplyAdd(a, b1, g1);
    }
    left += STEPS * TILE_ROWS << 2;
    right += STEPS * TILE_COLUMNS << 2;
  }
  putSquare(d0, d1, d2, d3, c, rowBytes, add);
  putSquare(e0, e1, e2, e3, c + 16, rowBytes, add);
  c += rowBytes << 2;
  put(f0, c, add), put(f1, c + 16, add);
  c += rowBytes;
  put(g0, c, add), put(g1, c + 16, add);
}

/** Puts down a square, of which the sums are the diagonals. @inline */
function putSquare(
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  c: usize,
  rowBytes: i32,
  add: bool,
): void {
  const d03 = v128.shuffle<f32>(d0, d3, 0, 5, 2, 7);
  const d10 = v128.shuffle<f32>(d1, d0, 0, 5, 2, 7);
  const d21 = v128.shuffle<f32>(d2, d1, 0, 5, 2, 7);
  const d32 = v128.shuffle<f32>(d3, d2, 0, 5, 2, 7);
  put(v128.shuffle<f32>(d03, d21, 0, 1, 6, 7), c, add);
  put(v128.shuffle<f32>(d10, d32, 0, 1, 6, 7), c + rowBytes, add);
  put(v128.shuffle<f32>(d21, d03, 0, 1, 6, 7), c + 2 * rowBytes, add);
  put(v128.shuffle<f32>(d32, d10, 0, 1, 6, 7), c + 3 * rowBytes, add);
}

/** Sets four numbers, or adds to them. @inline */
function put(x: v128, to: usize, add: bool): void {
  v128.store(to, add ? f32x4.add(v128.load(to), x) : x);
}

/** As many steps as a panel has for so many. */
export function wholeSteps(steps: i32): i32 {
  return (steps + STEPS - 1) / STEPS * STEPS;
}
