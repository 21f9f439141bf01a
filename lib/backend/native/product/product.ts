import type { VectorSet } from "../machine/assembler.ts";
import { writeCopy, writeTranspose } from "./packing.ts";
import { MOST_ROWS, type TileShape, writeTiles } from "./tiles.ts";
import { addressOf, createWorkspace, LANES } from "./workspace.ts";

/**
 * A product of matrices in the memory of WebAssembly, `c = a · b`. It takes what `matmul` of
 * `../../kernels/assembly` takes: addresses in bytes, and strides in numbers.
 */
export type Product = (...parameters: number[]) => void;

/** How much is packed at once: of the right factor, a panel of which fits the first cache … */
const BLOCK_DEPTH = 256;
const BLOCK_COLUMNS = 1024;
/** … and of the left one, which fits the second. */
const BLOCK_ROWS = 168;

/** How far apart the rows of a left factor are that are moved together, in numbers: an odd number of
 * cache lines, so that they do not all want the same places in the cache. */
const ROW = BLOCK_DEPTH + 16;
/** From this distance of rows on, in bytes, or a multiple of it, they do. */
const CROWDED = 4096;

/** What a copy may write beyond its end, in numbers. */
const SLACK = 1024;
/** Where the packed factors begin in the workspace, in numbers. */
const LEFT = 0;
const RIGHT = BLOCK_ROWS * ROW + SLACK;
const SIZE = RIGHT + BLOCK_COLUMNS * BLOCK_DEPTH + SLACK;

/** The names of code; those of tiles are above. */
const [COPY_ONE, COPY_TWO, TRANSPOSE] = [1, 2, 3];

/** A matrix in memory: where it begins, and how far apart its rows and columns are, in bytes. */
interface Matrix {
  address: number;
  row: number;
  column: number;
}

/** How a part of the right factor is packed: in panels, of which the last may be narrower. */
interface Packed {
  depth: number;
  columns: number;
}

/**
 * The product in machine code of ours, for vectors of two or four times WebAssembly's width. Blocks
 * of the right factor are packed into panels, and so are those of a left one that is transposed;
 * then tiles of the product are computed in registers. Each number of it is a sum from the first to
 * the last, in blocks of the same depth, so that a row is rounded alike wherever it stands.
 *
 * @param mirror copies what is above the diagonal of a square matrix to its other side
 * @throws {Error} if the system does not allow code to be made or called
 */
export function createProduct(
  set: VectorSet,
  memory: WebAssembly.Memory,
  mirror: (c: number, rowStride: number, rows: number) => void,
): Product {
  const space = createWorkspace(set, SIZE);
  const [lanes, panel] = [LANES[set], 2 * LANES[set]];
  let numbers = new Float32Array(memory.buffer);
  let base = addressOf(memory.buffer);
  return (
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
    symmetric,
  ) => {
    if (numbers.buffer !== memory.buffer) { // it has grown
      numbers = new Float32Array(memory.buffer);
      base = addressOf(memory.buffer);
    }
    const left = { address: base + a, row: 4 * aRowStride, column: 4 * aColumnStride };
    const right = { address: base + b, row: 4 * bRowStride, column: 4 * bColumnStride };
    const product = { address: base + c, row: 4 * cRowStride, column: 4 };
    if (depth === 0) {
      for (let i = 0; i < rows; i++) {
        const start = c / 4 + i * cRowStride;
        numbers.fill(0, start, start + columns);
      }
    }
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      for (let k = 0; k < depth; k += BLOCK_DEPTH) {
        const part = {
          depth: Math.min(BLOCK_DEPTH, depth - k),
          columns: Math.min(BLOCK_COLUMNS, columns - j),
        };
        packRight(from(right, k, j), part);
        for (let i = 0; i < rows; i += BLOCK_ROWS) {
          const height = Math.min(BLOCK_ROWS, rows - i);
          // Of a symmetric product only what is above the end of a panel's diagonal is wanted.
          const above = symmetric ? i - j : -Infinity;
          multiply(from(left, i, k), from(product, i, j), {
            ...part,
            rows: height,
            above,
            add: k > 0,
          });
        }
      }
    }
    if (symmetric) mirror(c, cRowStride, rows);
  };

  /** Copies some rows of at most two vectors. */
  function copy(from: Matrix, to: { address: number; row: number }, rows: number, width: number) {
    const vectors = width > lanes ? 2 : 1;
    const masks = [space.maskFor(width), space.maskFor(width - lanes)];
    const words = [from.address, from.row, to.address, to.row, rows, ...masks];
    space.run(vectors === 2 ? COPY_TWO : COPY_ONE, (asm) => writeCopy(asm, vectors), words);
  }

  /** Packs a block of the right factor: panel by panel, and each of them row by row. */
  function packRight(block: Matrix, { depth, columns }: Packed): void {
    for (let j = 0; j < columns; j += panel) {
      const width = Math.min(panel, columns - j);
      const row = width > lanes ? panel : lanes; // of the packed panel, in numbers
      const start = RIGHT + j * depth;
      if (block.column === 4) {
        const to = { address: space.address + 4 * start, row: 4 * row };
        copy(from(block, 0, j), to, depth, width);
        continue;
      }
      for (let v = 0; v < width; v += lanes) {
        packColumns(from(block, 0, j + v), start + v, {
          row,
          depth,
          count: Math.min(lanes, width - v),
        });
      }
    }
  }

  /** Packs a vector of columns, in each of which the numbers lie side by side. */
  function packColumns(
    block: Matrix,
    start: number,
    { row, depth, count }: { row: number; depth: number; count: number },
  ): void {
    const squares = count === lanes ? Math.floor(depth / lanes) : 0;
    const to = space.address + 4 * start;
    if (squares > 0) {
      const words = [block.address, block.column, to, 4 * row, squares];
      space.run(TRANSPOSE, writeTranspose, words);
    }
    const first = (block.address - base) / 4; // what is left at the edges, one by one
    for (let i = 0; i < count; i++) {
      for (let k = squares * lanes; k < depth; k++) {
        space.numbers[start + k * row + i] = numbers[first + i * block.column / 4 + k]!;
      }
    }
  }

  /** Multiplies some rows of the left factor with what is packed of the right one. */
  function multiply(
    left: Matrix,
    product: Matrix,
    part: Packed & { rows: number; above: number; add: boolean },
  ): void {
    const whole = Math.floor(part.columns / panel);
    const rest = part.columns % panel;
    if (left.column === 4 && left.row % CROWDED === 0 && whole > 2) left = moveLeft(left, part);
    let row = 0;
    for (const [height, tiles] of heights(part.rows, MOST_ROWS[set])) {
      const there = from(left, row, 0);
      const packed = left.column !== 4;
      if (packed) packLeft(there, height, tiles, part.depth);
      const shape = { rows: height, packed };
      const block = packed
        ? { address: space.address + 4 * LEFT, row: 0, column: 4 * height * part.depth }
        : { ...there, column: height * left.row };
      const to = from(product, row, 0);
      const run = (first: number, panels: number, width: number) => {
        const end = (first + 1) * panel - part.above - row;
        const wanted = part.above === -Infinity ? tiles : Math.min(tiles, Math.ceil(end / height));
        if (panels > 0 && wanted > 0) {
          runTiles(block, from(to, 0, first * panel), {
            ...shape,
            first,
            panels,
            width,
            tiles: wanted,
            depth: part.depth,
            add: part.add,
          });
        }
      };
      if (part.above === -Infinity) run(0, whole, panel);
      else for (let p = 0; p < whole; p++) run(p, 1, panel);
      run(whole, Number(rest > 0), rest);
      row += height * tiles;
    }
  }

  /** Moves the rows of a left factor closer together. */
  function moveLeft(block: Matrix, { rows, depth }: { rows: number; depth: number }): Matrix {
    const moved = { address: space.address + 4 * LEFT, row: 4 * ROW, column: 4 };
    for (let k = 0; k < depth; k += panel) {
      copy(from(block, 0, k), from(moved, 0, k), rows, Math.min(panel, depth - k));
    }
    return moved;
  }

  /** Packs tiles of a transposed left factor, in each of which the numbers of a step lie together. */
  function packLeft(block: Matrix, height: number, tiles: number, depth: number): void {
    for (let t = 0; t < tiles; t++) {
      const to = { address: space.address + 4 * (LEFT + t * height * depth), row: 4 * height };
      copy({ ...from(block, t * height, 0), row: block.column }, to, depth, height);
    }
  }

  /** Runs the code for some panels of tiles. */
  function runTiles(
    left: Matrix, // its column is the distance of two tiles
    product: Matrix,
    part: {
      rows: number;
      packed: boolean;
      first: number;
      panels: number;
      width: number;
      tiles: number;
      depth: number;
      add: boolean;
    },
  ): void {
    const { rows, packed, first, panels, width, tiles, depth, add } = part;
    const vectors = width > lanes ? 2 : 1;
    const shape: TileShape = { rows, vectors, packed, masked: width !== vectors * lanes };
    const name = rows << 3 | vectors - 1 << 2 | Number(packed) << 1 | Number(shape.masked);
    space.run(name, (asm) => writeTiles(asm, shape), [
      left.address,
      left.row,
      left.column,
      space.address + 4 * (RIGHT + first * panel * depth),
      4 * panel * depth,
      product.address,
      product.row,
      rows * product.row,
      4 * panel,
      depth,
      tiles,
      panels,
      Number(add),
      space.maskFor(width),
      space.maskFor(width - lanes),
    ]);
  }
}

/** The part of a matrix from some row and column on. */
function from({ address, row, column }: Matrix, i: number, j: number): Matrix {
  return { address: address + i * row + j * column, row, column };
}

/** Some rows as tiles of nearly one height: how high, and how many. */
function heights(rows: number, most: number): [height: number, tiles: number][] {
  const tiles = Math.ceil(rows / most);
  const high = Math.ceil(rows / tiles);
  const lower = high * tiles - rows;
  return lower === 0 ? [[high, tiles]] : [[high, tiles - lower], [high - 1, lower]];
}
