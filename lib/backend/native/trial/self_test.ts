import type { Product } from "../product/product.ts";

/** What is compared, and where there is room for it. */
export interface Comparison {
  /** The product in question, */
  product: Product;
  /** and one that is known to be right. */
  reference: Product;
  /** The memory that both work in, */
  memory: WebAssembly.Memory;
  /** and the address of the {@linkcode ROOM} bytes in it that they may work on. */
  start: number;
}

/** How many bytes a comparison takes: the factors of a product and two results. */
export const ROOM: number = 2 * 1024 ** 2;

/** How far apart two numbers may be, as a share of the largest: both round, in other orders. */
const TOLERANCE = 1e-5;

/** What lies around a product and between its rows, where nobody has to write. */
const CANARY = 12_345.5;

/** Numbers for the factors, between -1 and 1. */
const SOME_NUMBERS = Float32Array.from({ length: 131_072 }, (_, i) => i * 7919 % 2003 / 1001.5 - 1);

/** A product to try. Its factors may be transposed; `gap` numbers lie between its rows. */
interface Case {
  sizes: [rows: number, depth: number, columns: number];
  transposed?: [a: boolean, b: boolean];
  gap?: number;
  symmetric?: boolean;
}

/** Every height of a tile, with all widths of a panel that matter, packed and as it is. */
const EVERY_TILE: Case[] = Array.from({ length: 14 }, (_, i) => i + 1).flatMap((rows) =>
  [7, 8, 9, 16, 17, 31, 32, 33].flatMap((columns): Case[] => [
    { sizes: [rows, 5, columns], gap: 2 },
    { sizes: [rows, 5, columns], gap: 2, transposed: [true, false] },
  ])
);

/** Tiles whole and in part, rows of one number, more than one block in every direction. */
const CASES: Case[] = [
  { sizes: [1, 1, 1] },
  { sizes: [6, 8, 16] },
  { sizes: [5, 3, 7], transposed: [true, false] },
  { sizes: [13, 17, 31], transposed: [false, true], gap: 3 },
  { sizes: [33, 7, 47], transposed: [true, true] },
  { sizes: [3, 0, 2] },
  { sizes: [12, 513, 9] },
  { sizes: [3, 1030, 9], transposed: [true, false], gap: 1 },
  { sizes: [2, 530, 17], transposed: [false, true] },
  { sizes: [48, 64, 64], transposed: [false, true] },
  { sizes: [197, 20, 35] },
  { sizes: [3, 5, 1043], transposed: [true, false] },
  { sizes: [41, 24, 41], symmetric: true },
  { sizes: [103, 9, 103], symmetric: true },
  { sizes: [18, 515, 18], symmetric: true, transposed: [true, false] },
  { sizes: [29, 300, 32] }, // whole panels that are added to what stands there
  { sizes: [29, 300, 32], transposed: [true, false] },
  { sizes: [28, 1024, 96], gap: 5 }, // a left factor whose rows are moved closer together
];

/** For each start, where every piece of code takes time to be written: a transposed factor, more
 * than one block, a symmetric product. */
const QUICK: Case[] = [3, 6, 12].map((i) => CASES[i]!);

/**
 * Compares a product with one that is right, on shapes that are easily got wrong.
 *
 * @param quick whether a few of them will do: the code has passed all of them elsewhere
 * @returns what is wrong, as a sentence; nothing if all is well
 */
export function findFault(comparison: Comparison, quick: boolean = false): string | undefined {
  for (const shape of quick ? QUICK : [...CASES, ...EVERY_TILE]) {
    const difference = compare(shape, comparison);
    if (difference) return `A product of ${shape.sizes.join(" × ")} was wrong: ${difference}.`;
  }
}

function compare(shape: Case, { product, reference, memory, start }: Comparison) {
  const { sizes: [rows, depth, columns], transposed = [], gap = 0, symmetric = false } = shape;
  const view = new Float32Array(memory.buffer, start, ROOM / 4);
  const a = strides(rows, depth, transposed[0]);
  const b = symmetric ? a.toReversed() : strides(depth, columns, transposed[1]);
  const [aStart, bStart] = [0, symmetric ? 0 : rows * depth];
  const rowStride = columns + gap;
  const zone = 16 + rows * rowStride + 16; // a product, with room around it
  const first = bStart + depth * columns;
  const factors = view.subarray(0, first);
  const before = SOME_NUMBERS.subarray(0, first);
  factors.set(before);
  view.fill(CANARY, first, first + 2 * zone);
  const [expected, found] = [reference, product].map((multiply, i) => {
    const from = first + i * zone;
    const c = start + 4 * (from + 16);
    multiply(
      ...[start + 4 * aStart, ...a, start + 4 * bStart, ...b, c, rowStride],
      ...[rows, depth, columns, Number(symmetric)],
    );
    return view.subarray(from, from + zone);
  });
  if (factors.some((x, i) => x !== before[i])) return "a factor was changed";
  return difference(found!, expected!);
}

/** How far apart neighbours in a column and in a row are. */
function strides(rows: number, columns: number, transposed = false): number[] {
  return transposed ? [1, rows] : [columns, 1];
}

function difference(found: Float32Array, expected: Float32Array): string | undefined {
  const scale = expected.reduce((most, x) => x === CANARY ? most : Math.max(most, Math.abs(x)), 0);
  const isWrong = (x: number, right: number) =>
    right === CANARY ? x !== CANARY : !(Math.abs(x - right) <= TOLERANCE * scale); // nor is NaN right
  const place = found.findIndex((x, i) => isWrong(x, expected[i]!));
  if (place >= 0) return `a number is ${found[place]} instead of ${expected[place]}`;
}
