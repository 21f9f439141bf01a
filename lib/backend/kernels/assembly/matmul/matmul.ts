// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Matrix product in the manner of Goto and van de Geijn (2008, "Anatomy of high-performance
// matrix multiplication"): blocks of both factors are first copied into panels, so that the
// innermost loop reads memory in order, and one tile of the product stays in registers.

import { transpose4 } from "../vector.ts";
import { pack } from "./panels.ts";
import { multiplyTile, TILE_COLUMNS, TILE_ROWS, wholeSteps } from "./tile.ts";

// A panel of the right factor (BLOCK_DEPTH × 8) stays in the first-level cache while all
// panels of a block of the left factor, which stays in the second level, pass by.
const BLOCK_ROWS: i32 = 96;
const BLOCK_DEPTH: i32 = 512;
const BLOCK_COLUMNS: i32 = 512;

// Where the parts of the scratch memory start, in bytes.
const LEFT: usize = 0;
const RIGHT: usize = LEFT + (BLOCK_ROWS * BLOCK_DEPTH << 2);
const EDGE: usize = RIGHT + (BLOCK_COLUMNS * BLOCK_DEPTH << 2);

let scratch: usize = 0;

/** Tells `matmul` where it has `matmulScratch` bytes to work in. */
export function useScratch(address: usize): void {
  scratch = address;
}

/** How many bytes of scratch memory `matmul` needs. */
export function matmulScratch(): usize {
  return EDGE + (TILE_ROWS * TILE_COLUMNS << 2);
}

/**
 * `c = a · b` for `a` of rows × depth and `b` of depth × columns. The strides, in numbers,
 * say how far apart rows and columns lie: a transposed factor has them exchanged. The
 * numbers in a row of `c` lie side by side.
 *
 * Where the product is known to be `symmetric`, such as `x · xᵀ`, only its tiles on the diagonal
 * and above are computed, which is little more than half of the work, and the others are copied.
 */
export function matmul(
  a: usize,
  aRowStride: i32,
  aColumnStride: i32,
  b: usize,
  bRowStride: i32,
  bColumnStride: i32,
  c: usize,
  cRowStride: i32,
  rows: i32,
  depth: i32,
  columns: i32,
  symmetric: bool,
): void {
  if (depth == 0) {
    for (let i = 0; i < rows; i++) memory.fill(c + (i * cRowStride << 2), 0, columns << 2);
  }
  for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
    const blockColumns = min(BLOCK_COLUMNS, columns - j);
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      const bBlock = b + (k * bRowStride + j * bColumnStride << 2);
      pack(
        bBlock,
        bColumnStride,
        bRowStride,
        blockColumns,
        blockDepth,
        scratch + RIGHT,
        TILE_COLUMNS,
      );
      for (let i = 0; i < rows; i += BLOCK_ROWS) {
        const blockRows = min(BLOCK_ROWS, rows - i);
        const aBlock = a + (i * aRowStride + k * aColumnStride << 2);
        pack(aBlock, aRowStride, aColumnStride, blockRows, blockDepth, scratch + LEFT, TILE_ROWS);
        const cBlock = c + (i * cRowStride + j << 2);
        multiplyBlock(
          cBlock,
          cRowStride,
          blockRows,
          wholeSteps(blockDepth),
          blockColumns,
          symmetric ? j - i : blockRows,
          k > 0,
        );
      }
    }
  }
  if (symmetric) mirror(c, cRowStride, rows);
}

/**
 * Adds the product of the packed blocks to `c`, or sets `c` to it, but no tile that begins
 * below the diagonal, which meets the block's first column in row `diagonal`.
 */
function multiplyBlock(
  c: usize,
  cRowStride: i32,
  rows: i32,
  depth: i32,
  columns: i32,
  diagonal: i32,
  add: bool,
): void {
  const edge = scratch + EDGE;
  for (let j = 0; j < columns; j += TILE_COLUMNS) {
    const right = scratch + RIGHT + (j * depth << 2);
    const width = min(TILE_COLUMNS, columns - j);
    const end = min(rows, diagonal + j + width);
    for (let i = 0; i < end; i += TILE_ROWS) {
      const left = scratch + LEFT + (i * depth << 2);
      const height = min(TILE_ROWS, rows - i);
      const tile = c + (i * cRowStride + j << 2);
      const whole = width == TILE_COLUMNS && height == TILE_ROWS;
      // At the edge it is a whole tile elsewhere, of which a part is copied: so a row's numbers are
      // rounded alike wherever it stands.
      if (!whole && add) copyTile(tile, cRowStride, edge, TILE_COLUMNS, height, width);
      multiplyTile(
        left,
        right,
        depth,
        whole ? tile : edge,
        (whole ? cRowStride : TILE_COLUMNS) << 2,
        add,
      );
      if (!whole) copyTile(edge, TILE_COLUMNS, tile, cRowStride, height, width);
    }
  }
}

/** Copies the numbers of a tile that lie inside the product. */
function copyTile(
  from: usize,
  fromStride: i32,
  to: usize,
  toStride: i32,
  height: i32,
  width: i32,
): void {
  for (let i = 0; i < height; i++) {
    memory.copy(to + (i * toStride << 2), from + (i * fromStride << 2), width << 2);
  }
}

/** Copies what stands above the diagonal to its other side. */
export function mirror(c: usize, rowStride: i32, size: i32): void {
  for (let i = 0; i < size; i += 4) {
    for (let j = 0; j < i; j += 4) {
      const above = c + (j * rowStride + i << 2);
      const below = c + (i * rowStride + j << 2);
      if (size - i >= 4) transpose4(above, rowStride << 2, below, rowStride << 2);
      else copyAcross(above, below, rowStride, size - i);
    }
  }
}

/** The last columns, fewer than four, as rows. */
function copyAcross(above: usize, below: usize, rowStride: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < 4; j++) {
      const value = load<f32>(above + (j * rowStride + i << 2));
      store<f32>(below + (i * rowStride + j << 2), value);
    }
  }
}
