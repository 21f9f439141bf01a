// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Matrix product in the manner of Goto and van de Geijn (2008, "Anatomy of high-performance
// matrix multiplication"): blocks of both factors are first copied into panels, so that the
// innermost loop reads memory in order, and one tile of the product stays in registers.

import { multiplyAdd } from "./vector.ts";

// A tile is 6 rows by 8 columns: with twelve vector registers of sums, two of the right factor
// and one of the left, it fills those that V8 has to give. The larger a tile, the fewer loads
// for each multiply-add, and before every load V8 checks that it stays within the memory.
const TILE_ROWS: i32 = 6;
const TILE_COLUMNS: i32 = 8;

// A panel of the right factor (BLOCK_DEPTH × 8) stays in the first-level cache while all
// panels of a block of the left factor, which stays in the second level, pass by.
const BLOCK_ROWS: i32 = 192;
const BLOCK_DEPTH: i32 = 256;
const BLOCK_COLUMNS: i32 = 1024;

// Where the parts of the scratch memory start, in bytes.
const LEFT: usize = 0;
const RIGHT: usize = LEFT + (BLOCK_ROWS * BLOCK_DEPTH << 2);
const EDGE: usize = RIGHT + (BLOCK_COLUMNS * BLOCK_DEPTH << 2);

/** How many bytes of scratch memory `matmul` needs. */
export function matmulScratch(): usize {
  return EDGE + (TILE_ROWS * TILE_COLUMNS << 2);
}

/**
 * `c = a · b` for `a` of rows × depth and `b` of depth × columns. The strides, in numbers,
 * say how far apart rows and columns lie: a transposed factor has them exchanged. The
 * numbers in a row of `c` lie side by side.
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
  scratch: usize,
): void {
  multiply(
    a,
    aRowStride,
    aColumnStride,
    b,
    bRowStride,
    bColumnStride,
    c,
    cRowStride,
    rows,
    depth,
    columns,
    scratch,
    false,
  );
}

/**
 * `matmul` where the product is known to be symmetric, such as `x · xᵀ`: it computes the tiles
 * on the diagonal and above, which is little more than half of the work, and copies the others.
 */
export function symmetricMatmul(
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
  scratch: usize,
): void {
  multiply(
    a,
    aRowStride,
    aColumnStride,
    b,
    bRowStride,
    bColumnStride,
    c,
    cRowStride,
    rows,
    depth,
    columns,
    scratch,
    true,
  );
  mirror(c, cRowStride, rows);
}

/** The product, or, if `upper`, only its tiles on the diagonal and above. */
function multiply(
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
  scratch: usize,
  upper: bool,
): void {
  if (depth == 0) {
    for (let i = 0; i < rows; i++) memory.fill(c + (i * cRowStride << 2), 0, columns << 2);
  }
  for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
    const blockColumns = min(BLOCK_COLUMNS, columns - j);
    for (let k = 0; k < depth; k += BLOCK_DEPTH) {
      const blockDepth = min(BLOCK_DEPTH, depth - k);
      const bBlock = b + (k * bRowStride + j * bColumnStride << 2);
      packRight(
        bBlock,
        bColumnStride,
        bRowStride,
        blockColumns,
        blockDepth,
        scratch + RIGHT,
      );
      for (let i = 0; i < rows; i += BLOCK_ROWS) {
        const blockRows = min(BLOCK_ROWS, rows - i);
        const aBlock = a + (i * aRowStride + k * aColumnStride << 2);
        packLeft(
          aBlock,
          aRowStride,
          aColumnStride,
          blockRows,
          blockDepth,
          scratch + LEFT,
        );
        const cBlock = c + (i * cRowStride + j << 2);
        multiplyBlock(
          scratch,
          cBlock,
          cRowStride,
          blockRows,
          blockDepth,
          blockColumns,
          upper ? j - i : blockRows,
          k > 0,
        );
      }
    }
  }
}

/**
 * Adds the product of the packed blocks to `c`, or sets `c` to it, but no tile that begins
 * below the diagonal, which meets the block's first column in row `diagonal`.
 */
function multiplyBlock(
  scratch: usize,
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
      if (width == TILE_COLUMNS && height == TILE_ROWS) {
        multiplyTile(left, right, depth, tile, cRowStride << 2, add);
      } else {
        // In a whole tile of its own, so that a row's numbers are rounded alike wherever it stands.
        if (add) copyTile(tile, cRowStride, edge, TILE_COLUMNS, height, width);
        multiplyTile(left, right, depth, edge, TILE_COLUMNS << 2, add);
        copyTile(edge, TILE_COLUMNS, tile, cRowStride, height, width);
      }
    }
  }
}

/** The sums of one tile over the depth of a block. */
function multiplyTile(
  left: usize,
  right: usize,
  depth: i32,
  c: usize,
  cRowBytes: i32,
  add: bool,
): void {
  const row1 = c + cRowBytes;
  const row2 = row1 + cRowBytes;
  const row3 = row2 + cRowBytes;
  const row4 = row3 + cRowBytes;
  const row5 = row4 + cRowBytes;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0);
  let c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0);
  let c51 = f32x4.splat(0);
  if (add) {
    c00 = v128.load(c), c01 = v128.load(c, 16);
    c10 = v128.load(row1), c11 = v128.load(row1, 16);
    c20 = v128.load(row2), c21 = v128.load(row2, 16);
    c30 = v128.load(row3), c31 = v128.load(row3, 16);
    c40 = v128.load(row4), c41 = v128.load(row4, 16);
    c50 = v128.load(row5), c51 = v128.load(row5, 16);
  }
  const end = left + (depth * TILE_ROWS << 2);
  while (left < end) {
    const b0 = v128.load(right);
    const b1 = v128.load(right, 16);
    const a0 = v128.load32_splat(left);
    c00 = multiplyAdd(a0, b0, c00), c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load32_splat(left, 4);
    c10 = multiplyAdd(a1, b0, c10), c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load32_splat(left, 8);
    c20 = multiplyAdd(a2, b0, c20), c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a3, b0, c30), c31 = multiplyAdd(a3, b1, c31);
    const a4 = v128.load32_splat(left, 16);
    c40 = multiplyAdd(a4, b0, c40), c41 = multiplyAdd(a4, b1, c41);
    const a5 = v128.load32_splat(left, 20);
    c50 = multiplyAdd(a5, b0, c50), c51 = multiplyAdd(a5, b1, c51);
    left += TILE_ROWS << 2;
    right += TILE_COLUMNS << 2;
  }
  v128.store(c, c00), v128.store(c, c01, 16);
  v128.store(row1, c10), v128.store(row1, c11, 16);
  v128.store(row2, c20), v128.store(row2, c21, 16);
  v128.store(row3, c30), v128.store(row3, c31, 16);
  v128.store(row4, c40), v128.store(row4, c41, 16);
  v128.store(row5, c50), v128.store(row5, c51, 16);
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
function mirror(c: usize, rowStride: i32, size: i32): void {
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

/** Packs a block of the left factor into panels of six rows. */
function packLeft(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
): void {
  for (let i = 0; i < lines; i += TILE_ROWS) {
    interleave4(from, lineStride, stepStride, lines - i, steps, to, TILE_ROWS << 2);
    from += lineStride << 4;
    interleave2(from, lineStride, stepStride, lines - i - 4, steps, to + 16, TILE_ROWS << 2);
    from += lineStride << 3;
    to += steps * TILE_ROWS << 2;
  }
}

/** Packs a block of the right factor into panels of eight columns. */
function packRight(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
): void {
  for (let j = 0; j < lines; j += TILE_COLUMNS) {
    interleave4(from, lineStride, stepStride, lines - j, steps, to, TILE_COLUMNS << 2);
    from += lineStride << 4;
    interleave4(from, lineStride, stepStride, lines - j - 4, steps, to + 16, TILE_COLUMNS << 2);
    from += lineStride << 4;
    to += steps * TILE_COLUMNS << 2;
  }
}

/**
 * Number `s` of each of four lines, side by side, at `to + s · toBytes`. Of the four, those
 * from `lines` on do not exist and count as zero.
 */
function interleave4(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  toBytes: usize,
): void {
  let done = 0;
  if (lines >= 4 && lineStride == 1) {
    for (; done < steps; done++) {
      v128.store(to, v128.load(from));
      from += stepStride << 2;
      to += toBytes;
    }
  } else if (lines >= 4 && stepStride == 1) {
    for (; done + 4 <= steps; done += 4) {
      transpose4(from, lineStride << 2, to, toBytes);
      from += 16;
      to += toBytes << 2;
    }
  }
  interleaveSlowly(from, lineStride, stepStride, min(lines, 4), 4, steps - done, to, toBytes);
}

/** The same for two lines. */
function interleave2(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  toBytes: usize,
): void {
  let done = 0;
  if (lines >= 2 && lineStride == 1) {
    for (; done < steps; done++) {
      store<i64>(to, load<i64>(from));
      from += stepStride << 2;
      to += toBytes;
    }
  } else if (lines >= 2 && stepStride == 1) {
    for (; done + 4 <= steps; done += 4) {
      const r0 = v128.load(from);
      const r1 = v128.load(from + (lineStride << 2));
      const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      v128.store_lane<i64>(to, low, 0);
      v128.store_lane<i64>(to + toBytes, low, 1);
      v128.store_lane<i64>(to + 2 * toBytes, high, 0);
      v128.store_lane<i64>(to + 3 * toBytes, high, 1);
      from += 16;
      to += toBytes << 2;
    }
  }
  interleaveSlowly(from, lineStride, stepStride, min(lines, 2), 2, steps - done, to, toBytes);
}

/** The same, one number at a time: of `all` lines, those from `lines` on count as zero. */
function interleaveSlowly(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  all: i32,
  steps: i32,
  to: usize,
  toBytes: usize,
): void {
  for (let step = 0; step < steps; step++) {
    for (let line = 0; line < all; line++) {
      const value = line < lines ? load<f32>(from + (line * lineStride << 2)) : 0;
      store<f32>(to + (line << 2), value);
    }
    from += stepStride << 2;
    to += toBytes;
  }
}

function transpose4(
  from: usize,
  fromBytes: usize,
  to: usize,
  toBytes: usize,
): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromBytes);
  const r2 = v128.load(from + 2 * fromBytes);
  const r3 = v128.load(from + 3 * fromBytes);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + toBytes, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * toBytes, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * toBytes, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
