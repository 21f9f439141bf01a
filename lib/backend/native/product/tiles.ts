import {
  type Assembler,
  at,
  type General,
  K1,
  K2,
  type Mask,
  type Memory,
  R10,
  R11,
  R12,
  R13,
  R14,
  R15,
  R8,
  R9,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  vector,
  type VectorSet,
} from "../machine/assembler.ts";

/**
 * What the code of a product is told, in words of 8 bytes: addresses and distances in bytes.
 * A tile is `rows` rows of the product by one or two vectors; a panel is as many columns.
 */
export const WORDS = [
  "left", // the first tile's rows of the left factor
  "leftRow", // from one row to the next, where it is not packed
  "leftTile", // from one tile to the next
  "right", // the first panel of the right factor, packed
  "rightPanel", // from one panel to the next
  "product", // the first tile of the product
  "productRow",
  "productTile",
  "productPanel",
  "depth", // how many numbers are multiplied for each of the product
  "tiles", // how many below one another
  "panels", // how many side by side
  "add", // whether to add to what stands in the product
  "mask1", // which columns of the last panel there are: a mask for each vector,
  "mask2", // or with AVX2 the address of one
] as const;

/** The place of a word, if `RDI` points to the first. */
function word(name: typeof WORDS[number]): Memory {
  return at(RDI, 8 * WORDS.indexOf(name));
}

/**
 * How many rows fit: with two vectors to a row they fill all registers but those for the right
 * factor's two vectors and for two numbers of the left one.
 *
 * ```text
 *             zmm30  zmm31        one step: 2 loads of the right factor's row,
 *    zmm28 ×  zmm0   zmm1                   14 numbers of the left one's column, each in all lanes,
 *    zmm29 ×  zmm2   zmm3                   28 multiplications and additions of 16 numbers
 *    zmm28 ×  zmm4   zmm5
 *      …       …      …
 *    zmm29 ×  zmm26  zmm27        with AVX2 6 rows: ymm0 to 11, ymm12 and 13, ymm14 and 15
 * ```
 */
export const MOST_ROWS: Record<VectorSet, number> = { avx512: 14, avx2: 6 };

/** Which tiles a piece of code computes. */
export interface TileShape {
  /** 1 to {@linkcode MOST_ROWS}. */
  rows: number;
  /** The vectors of a row. */
  vectors: 1 | 2;
  /** Whether the left factor is packed: for each step the numbers of a tile's rows, side by side.
   * Otherwise those of a row lie side by side. */
  packed: boolean;
  /** Whether some columns of the panel are not there. */
  masked: boolean;
}

/**
 * Writes the code for some panels of tiles: the innermost loops of a product, after Goto and van
 * de Geijn (2008, "Anatomy of high-performance matrix multiplication"). While a panel of the right
 * factor stays in the first cache, all tiles of the left factor pass by, which come out of the
 * second; the sums of a tile stay in registers from the first step to the last.
 */
export function writeTiles(asm: Assembler, { rows, vectors, packed, masked }: TileShape): void {
  const { mov, add, dec, test, jne, je, bind, label, lea, width } = asm;
  const wide = asm.vectors === "avx512";
  const [firstRight, firstLeft] = wide ? [30, 28] : [12, 14];
  const bases = [RAX, RBX, RCX].slice(0, Math.ceil(rows / 5));
  const sums = (i: number, v: number) => vector(vectors * i + v);
  const each = (write: (i: number, v: number) => void) => {
    for (let i = 0; i < rows; i++) for (let v = 0; v < vectors; v++) write(i, v);
  };

  mov(RDX, word("leftRow"));
  lea(RSI, { base: RDX, index: RDX, scale: 2 });
  mov(R12, word("productRow"));
  lea(R13, { base: R12, index: R12, scale: 2 });
  if (masked && wide) {
    for (const [mask, name] of [[K1, "mask1"], [K2, "mask2"]] as const) {
      mov(RAX, word(name));
      asm.kmovw(mask, RAX);
    }
  }
  mov(RBP, word("right"));
  const [nextPanel, nextTile, nextStep, write] = [label(), label(), label(), label()];
  bind(nextPanel);
  mov(R15, word("left"));
  mov(R11, word("product"));
  mov(R14, word("tiles"));

  bind(nextTile);
  if (packed) mov(RAX, R15);
  else spreadRows(asm, bases, R15, RDX);
  mov(R8, RBP);
  mov(R10, word("depth"));
  each((i, v) => asm.vxorps(sums(i, v), sums(i, v), sums(i, v)));
  bind(nextStep);
  for (let v = 0; v < vectors; v++) asm.vmovups(vector(firstRight + v), at(R8, v * width));
  for (let i = 0; i < rows; i++) {
    const left = vector(firstLeft + i % 2);
    asm.vbroadcastss(left, packed ? at(RAX, 4 * i) : rowAt(bases, RDX, RSI, i));
    for (let v = 0; v < vectors; v++) asm.vfmadd231ps(sums(i, v), left, vector(firstRight + v));
  }
  add(R8, vectors * width);
  if (packed) add(RAX, 4 * rows);
  else for (const base of bases) add(base, 4);
  dec(R10);
  jne(nextStep);

  const memory = masked ? (wide ? withMasks(asm) : withSigns(asm, vectors)) : plainly(asm);
  spreadRows(asm, bases, R11, R12);
  mov(R9, word("add"));
  test(R9, R9);
  je(write);
  each((i, v) => memory.add(i, v, rowAt(bases, R12, R13, i, v * width), sums(i, v)));
  bind(write);
  each((i, v) => memory.store(v, rowAt(bases, R12, R13, i, v * width), sums(i, v)));
  add(R15, word("leftTile"));
  add(R11, word("productTile"));
  dec(R14);
  jne(nextTile);

  add(RBP, word("rightPanel"));
  for (const [name, change] of [["product", word("productPanel")], ["panels", -1]] as const) {
    mov(RAX, word(name));
    add(RAX, change);
    mov(word(name), RAX);
  }
  jne(nextPanel); // unless that was the last: the addition says so
}

/** Points a base register to every fifth row. */
function spreadRows(asm: Assembler, bases: readonly General[], start: General, row: General): void {
  asm.mov(bases[0]!, start);
  bases.slice(1).forEach((base, n) => {
    asm.lea(base, { base: bases[n]!, index: row, scale: 4 });
    asm.add(base, row);
  });
}

/** Where row `i` is, given a register with the distance of two rows and one with three times that:
 * an address can be a base plus 1, 2 or 4 times another register. */
function rowAt(
  bases: readonly General[],
  row: General,
  threeRows: General,
  i: number,
  displacement: number = 0,
): Memory {
  const base = bases[Math.floor(i / 5)]!;
  switch (i % 5) {
    case 0:
      return { base, displacement };
    case 3:
      return { base, index: threeRows, scale: 1, displacement };
    default:
      return { base, index: row, scale: (i % 5) as 1 | 2 | 4, displacement };
  }
}

/** How sums get into memory. */
interface Access {
  /** Adds what stands there. */
  add(i: number, v: number, from: Memory, sum: ReturnType<typeof vector>): void;
  store(v: number, to: Memory, sum: ReturnType<typeof vector>): void;
}

function plainly(asm: Assembler): Access {
  return {
    add: (_i, _v, from, sum) => asm.vaddps(sum, sum, from),
    store: (_v, to, sum) => asm.vmovups(to, sum),
  };
}

/** What a mask leaves out is neither read nor written, and may not even be there. */
function withMasks(asm: Assembler): Access {
  const mask = (v: number): { mask: Mask } => ({ mask: v === 0 ? K1 : K2 });
  return {
    add: (_i, v, from, sum) => asm.vaddps(sum, sum, from, mask(v)),
    store: (v, to, sum) => asm.vmovups(to, sum, mask(v)),
  };
}

/** AVX2 has no mask registers, but two instructions that heed the signs of a vector. */
function withSigns(asm: Assembler, vectors: number): Access {
  const signs = [vector(14), vector(15)]; // no number of the left factor is in them any more
  for (let v = 0; v < vectors; v++) {
    asm.mov(R9, word(v === 0 ? "mask1" : "mask2"));
    asm.vmovups(signs[v]!, at(R9));
  }
  return {
    add(_i, v, from, sum) {
      asm.vmaskmovps(vector(12), signs[v]!, from);
      asm.vaddps(sum, sum, vector(12));
    },
    store: (v, to, sum) => asm.vmaskmovps(to, signs[v]!, sum),
  };
}
