import type { VectorSet } from "./assembler.ts";
import { openCall } from "./call.ts";
import { makeExecutable } from "./executable.ts";
import { PACKING_WORDS, writeCopy, writeTranspose } from "./packing.ts";
import { procedure } from "./procedure.ts";
import { MOST_ROWS, type TileShape, WORDS, writeTiles } from "./tiles.ts";

/**
 * A product of matrices in the memory of WebAssembly, `c = a · b`. It takes what the kernel
 * `matmul` of `../kernels/assembly` takes: addresses in bytes, and strides in numbers.
 */
export type Product = (
  a: number,
  aRowStride: number,
  aColumnStride: number,
  b: number,
  bRowStride: number,
  bColumnStride: number,
  c: number,
  cRowStride: number,
  rows: number,
  depth: number,
  columns: number,
  symmetric: number,
) => void;

/** How much is packed at once: of the right factor, of which a panel fits the first cache … */
const BLOCK_DEPTH = 256;
const BLOCK_COLUMNS = 1024;
/** … and of the left one, which fits the second. */
const BLOCK_ROWS = 168;

/** Where things are in the memory that the code works with, in bytes. */
const ARGUMENTS = 0;
const SIGNS = 256;
const LEFT = 4096;
const RIGHT = LEFT + 4 * (BLOCK_ROWS * BLOCK_DEPTH + 1024); // a copy may write on by a vector
const SCRATCH = RIGHT + 4 * (BLOCK_COLUMNS * BLOCK_DEPTH + 1024);

/** How a tile is called that is not masked. */
const ALL = 0xffff;

/**
 * The product in machine code, written for the processor's own vectors: three to four times as
 * wide as those of WebAssembly, and three numbers an instruction more.
 *
 * @param mirror copies the upper half of a square matrix to its lower one: its address, the
 * stride of its rows, and their number
 * @throws {Error} if the system does not allow code to be made or called
 */
export function createProduct(
  set: VectorSet,
  memory: WebAssembly.Memory,
  mirror: (c: number, rowStride: number, rows: number) => void,
): Product {
  const lanes = set === "avx512" ? 16 : 8;
  const panel = 2 * lanes;
  const call = openCall();
  const scratch = new ArrayBuffer(SCRATCH + 64);
  const scratchAddress = Math.ceil(addressOf(scratch) / 64) * 64; // aligned to whole cache lines
  const shift = scratchAddress - addressOf(scratch);
  const words = new Uint32Array(scratch, shift + ARGUMENTS, 2 * 16);
  const packed = new Float32Array(scratch, shift + RIGHT, BLOCK_COLUMNS * BLOCK_DEPTH);
  const argument = BigInt(scratchAddress + ARGUMENTS);
  let buffer = memory.buffer;
  let base = addressOf(buffer);
  let numbers = new Float32Array(buffer);

  // The masks of AVX2: as many set lanes as a strip has columns, then as many that are not.
  new Int32Array(scratch, shift + SIGNS, 2 * lanes).fill(-1, 0, lanes);
  const maskOf = (columns: number) => {
    const set = Math.max(0, Math.min(lanes, columns));
    return lanes === 16 ? (1 << set) - 1 : scratchAddress + SIGNS + 4 * (lanes - set);
  };

  const codes = new Map<number, bigint>();
  const codeFor = (key: number, write: Parameters<typeof procedure>[1]): bigint => {
    let code = codes.get(key);
    if (code === undefined) codes.set(key, code = makeExecutable(procedure(set, write)).address);
    return code;
  };
  const tileCode = (shape: TileShape) =>
    codeFor(
      shape.rows << 3 | (shape.vectors - 1) << 2 | Number(shape.packed) << 1 | Number(shape.masked),
      (asm) => writeTiles(asm, shape),
    );
  const say = (...values: number[]) => {
    for (let i = 0; i < values.length; i++) {
      words[2 * i] = values[i]!;
      words[2 * i + 1] = values[i]! / 2 ** 32;
    }
  };

  /** Copies `count` rows of one or two vectors. */
  function copy(
    from: number,
    fromRow: number,
    to: number,
    toRow: number,
    count: number,
    columns: number,
    vectors: 1 | 2,
  ): void {
    say(from, fromRow, to, toRow, count, maskOf(columns), maskOf(columns - lanes));
    call(codeFor(-vectors, (asm) => writeCopy(asm, vectors)), argument);
  }

  /** Packs a part of the right factor: panels one after the other, each row by row. */
  function packRight(
    b: number,
    rowStride: number,
    columnStride: number,
    depth: number,
    columns: number,
  ): void {
    for (let j = 0; j < columns; j += panel) {
      const width = Math.min(panel, columns - j);
      const vectors = width > lanes ? 2 : 1;
      const to = scratchAddress + RIGHT + 4 * j * depth;
      const row = 4 * vectors * lanes;
      if (columnStride === 1) {
        copy(base + b + 4 * j, 4 * rowStride, to, row, depth, width, vectors);
        continue;
      }
      const blocks = Math.floor(depth / lanes);
      for (let v = 0; v < vectors; v++) {
        const column = j + v * lanes;
        const whole = columns - column >= lanes ? blocks : 0;
        if (whole > 0) {
          const from = base + b + 4 * column * columnStride;
          say(from, 4 * columnStride, to + 4 * v * lanes, row, whole);
          call(codeFor(-3, writeTranspose), argument);
        }
        const [source, target] = [b / 4, j * depth + v * lanes];
        for (let i = column; i < Math.min(column + lanes, columns); i++) {
          for (let k = whole * lanes; k < depth; k++) {
            packed[target + i - column + k * vectors * lanes] = numbers[
              source + i * columnStride + k
            ]!;
          }
        }
      }
    }
  }

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
    if (buffer !== memory.buffer) {
      buffer = memory.buffer;
      base = addressOf(buffer);
      numbers = new Float32Array(buffer);
    }
    if (depth === 0) {
      for (let i = 0; i < rows; i++) {
        numbers.fill(0, c / 4 + i * cRowStride, c / 4 + i * cRowStride + columns);
      }
      return;
    }
    const transposed = aColumnStride !== 1;
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      const blockColumns = Math.min(BLOCK_COLUMNS, columns - j);
      for (let k = 0; k < depth; k += BLOCK_DEPTH) {
        const blockDepth = Math.min(BLOCK_DEPTH, depth - k);
        packRight(
          b + 4 * (k * bRowStride + j * bColumnStride),
          bRowStride,
          bColumnStride,
          blockDepth,
          blockColumns,
        );
        for (let i = 0; i < rows; i += BLOCK_ROWS) {
          let row = i;
          for (const [height, tiles] of heights(Math.min(BLOCK_ROWS, rows - i), MOST_ROWS[set])) {
            let left = base + a + 4 * (row * aRowStride + k * aColumnStride);
            if (transposed) {
              const to = scratchAddress + LEFT;
              for (let t = 0; t < tiles; t++) {
                copy(
                  left + 4 * t * height,
                  4 * aColumnStride,
                  to + 4 * t * height * blockDepth,
                  4 * height,
                  blockDepth,
                  height,
                  1,
                );
              }
              left = to;
            }
            const leftTile = 4 * height * (transposed ? blockDepth : aRowStride);
            const whole = Math.floor(blockColumns / panel);
            const rest = blockColumns % panel;
            const run = (first: number, panels: number, wanted: number, width: number) => {
              if (panels === 0 || wanted <= 0) return;
              const vectors = width > lanes ? 2 : 1;
              const masked = width !== vectors * lanes;
              say(
                left,
                4 * aRowStride,
                leftTile,
                scratchAddress + RIGHT + 4 * first * panel * blockDepth,
                4 * panel * blockDepth,
                base + c + 4 * (row * cRowStride + j + first * panel),
                4 * cRowStride,
                4 * height * cRowStride,
                4 * panel,
                blockDepth,
                wanted,
                panels,
                k > 0 ? 1 : 0,
                maskOf(width),
                maskOf(width - lanes),
              );
              call(tileCode({ rows: height, vectors, packed: transposed, masked }), argument);
            };
            if (symmetric) {
              for (let p = 0; p < whole + Number(rest > 0); p++) {
                const end = j + (p + 1) * panel; // what is below the diagonal is copied
                const wanted = Math.min(tiles, Math.ceil((end - row) / height));
                run(p, 1, wanted, p < whole ? panel : rest);
              }
            } else {
              run(0, whole, tiles, panel);
              run(whole, Number(rest > 0), tiles, rest);
            }
            row += height * tiles;
          }
        }
      }
    }
    if (symmetric) mirror(c, cRowStride, rows);
  };
}

/** Some rows as tiles of nearly one height: how high, and how many. */
function heights(rows: number, most: number): [height: number, tiles: number][] {
  const tiles = Math.ceil(rows / most);
  const high = Math.ceil(rows / tiles);
  const lower = high * tiles - rows;
  return lower === 0 ? [[high, tiles]] : [[high, tiles - lower], [high - 1, lower]];
}

function addressOf(buffer: ArrayBufferLike): number {
  const pointer = Deno.UnsafePointer.of(new Uint8Array(buffer as ArrayBuffer));
  return Number(Deno.UnsafePointer.value(pointer));
}
