// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Matrix product in the manner of Goto and van de Geijn (2008, "Anatomy of high-performance
// matrix multiplication"): blocks of both factors are first copied into panels, so that the
// innermost loop reads memory in order, and one tile of the product stays in registers.

import { multiplyAdd } from "./vector.ts";

// A tile is 6 rows by 8 columns: twelve vector registers of sums, two of the right factor and one
// of the left are those that V8 has to give. The larger a tile, the fewer loads for each
// multiply-add, and before every load V8 checks that it stays within the memory.
const TILE_ROWS: i32 = 6;
const TILE_COLUMNS: i32 = 8;

// Steps into the depth between two ends of the innermost loop, where V8 looks for interrupts. All
// panels have a multiple of them: zeros make up what is missing.
const STEPS: i32 = 4;

// A panel of the right factor (BLOCK_DEPTH × 8) stays in the first-level cache while all
// panels of a block of the left factor, which stays in the second level, pass by.
const BLOCK_ROWS: i32 = 96;
const BLOCK_DEPTH: i32 = 512;
const BLOCK_COLUMNS: i32 = 512;

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
        pack(
          aBlock,
          aRowStride,
          aColumnStride,
          blockRows,
          blockDepth,
          scratch + LEFT,
          TILE_ROWS,
        );
        const cBlock = c + (i * cRowStride + j << 2);
        multiplyBlock(
          scratch,
          cBlock,
          cRowStride,
          blockRows,
          wholeSteps(blockDepth),
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

/**
 * The sums of one tile over the depth of a block.
 *
 * Of the first four rows one step is a vector, which times one of the right factor gives the
 * diagonal of a square of the product; turned by one place, it gives the diagonal below. So these
 * rows take one load, where it would be four to spread each number over a vector of its own, as is
 * done for the last two, which make up no square. @inline */
function multiplyTile(
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

/** Puts down a square: its diagonal, that below it and so on, each going round. @inline */
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
function wholeSteps(steps: i32): i32 {
  return (steps + STEPS - 1) / STEPS * STEPS;
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

/**
 * Packs a block of a factor, as lines which are rows of the left one or columns of the right one,
 * into panels of `tile` lines, in which the numbers of one step lie side by side.
 */
function pack(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  tile: i32,
): void {
  // Where neighbours in memory are of different panels, some steps of all panels are packed
  // before the next: memory is read fastest in order.
  const chunk = lineStride == 1 ? 32 : steps;
  const whole = wholeSteps(steps);
  for (let step = 0; step < steps; step += chunk) {
    for (let line = 0; line < lines; line += tile) {
      packPart(
        from + (line * lineStride + step * stepStride << 2),
        lineStride,
        stepStride,
        min(tile, lines - line),
        min(chunk, steps - step),
        to + (line * whole + step * tile << 2),
        tile,
      );
    }
  }
  for (let line = 0; line < lines; line += tile) {
    memory.fill(to + (line * whole + steps * tile << 2), 0, (whole - steps) * tile << 2);
  }
}

/** Packs some steps of one panel; of its lines, those from `lines` on count as zeros. */
function packPart(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  tile: i32,
): void {
  let done = 0;
  if (lines == tile && lineStride == 1) {
    done = copySteps(from, stepStride << 2, steps, to, tile << 2);
  } else if (lines == tile && stepStride == 1) {
    done = tile == TILE_ROWS
      ? interleaveSix(from, lineStride << 2, steps, to)
      : interleaveEight(from, lineStride << 2, steps, to);
  }
  from += done * stepStride << 2;
  to += done * tile << 2;
  for (; done < steps; done++) {
    for (let line = 0; line < tile; line++) {
      const value = line < lines ? load<f32>(from + (line * lineStride << 2)) : 0;
      store<f32>(to + (line << 2), value);
    }
    from += stepStride << 2;
    to += tile << 2;
  }
}

/** Steps of which each lies side by side already: `bytes`, which are 24 or 32. */
function copySteps(from: usize, stride: usize, steps: i32, to: usize, bytes: usize): i32 {
  const last = bytes - 16;
  for (let step = 0; step < steps; step++) {
    v128.store(to, v128.load(from));
    v128.store(to + last, v128.load(from + last));
    from += stride;
    to += bytes;
  }
  return steps;
}

/** Six rows, four steps at a time. */
function interleaveSix(from: usize, rowBytes: usize, steps: i32, to: usize): i32 {
  const whole = steps & ~3;
  const end = to + (whole * TILE_ROWS << 2);
  while (to < end) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + rowBytes);
    const r2 = v128.load(from + 2 * rowBytes);
    const r3 = v128.load(from + 3 * rowBytes);
    const r4 = v128.load(from + 4 * rowBytes);
    const r5 = v128.load(from + 5 * rowBytes);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const low45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const high45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(low45, low01, 0, 1, 6, 7), 16);
    v128.store(to, v128.shuffle<f32>(low23, low45, 2, 3, 6, 7), 32);
    v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 48);
    v128.store(to, v128.shuffle<f32>(high45, high01, 0, 1, 6, 7), 64);
    v128.store(to, v128.shuffle<f32>(high23, high45, 2, 3, 6, 7), 80);
    from += 16;
    to += 96;
  }
  return whole;
}

/** Eight columns, four steps at a time. */
function interleaveEight(from: usize, columnBytes: usize, steps: i32, to: usize): i32 {
  const whole = steps & ~3;
  const end = to + (whole * TILE_COLUMNS << 2);
  while (to < end) {
    transpose4(from, columnBytes, to, TILE_COLUMNS << 2);
    transpose4(from + 4 * columnBytes, columnBytes, to + 16, TILE_COLUMNS << 2);
    from += 16;
    to += TILE_COLUMNS << 4;
  }
  return whole;
}

/** @inline */
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
