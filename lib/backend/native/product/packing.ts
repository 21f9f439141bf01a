import {
  type Assembler,
  at,
  K1,
  K2,
  type Memory,
  R10,
  R11,
  R12,
  R8,
  R9,
  RAX,
  RBX,
  RDI,
  RDX,
  RSI,
  type Vector,
  vector,
} from "../machine/assembler.ts";

/** What the code that packs is told, in words of 8 bytes: addresses and distances in bytes. */
const PACKING_WORDS = ["from", "fromRow", "to", "toRow", "rows", "mask1", "mask2"] as const;

function word(name: typeof PACKING_WORDS[number]): Memory {
  return at(RDI, 8 * PACKING_WORDS.indexOf(name));
}

/**
 * Writes the code that copies a strip of some rows: one or two vectors of each. Where columns are
 * masked out it writes zeros, or with AVX2 reads them: `masked` strips are then no wider than
 * what is there.
 */
export function writeCopy(asm: Assembler, vectors: 1 | 2): void {
  const { mov, add, dec, jne, bind, label, vmovups, width } = asm;
  const wide = asm.vectors === "avx512";
  const signs = [vector(2), vector(3)];
  for (const [v, name] of (["mask1", "mask2"] as const).slice(0, vectors).entries()) {
    mov(RAX, word(name));
    if (wide) asm.kmovw(v === 0 ? K1 : K2, RAX);
    else vmovups(signs[v]!, at(RAX));
  }
  mov(RSI, word("from"));
  mov(RDX, word("fromRow"));
  mov(R8, word("to"));
  mov(R9, word("toRow"));
  mov(R10, word("rows"));
  const nextRow = label();
  bind(nextRow);
  for (let v = 0; v < vectors; v++) {
    const from = at(RSI, v * width);
    if (wide) vmovups(vector(v), from, { mask: v === 0 ? K1 : K2, zeroing: true });
    else asm.vmaskmovps(vector(v), signs[v]!, from);
  }
  for (let v = 0; v < vectors; v++) vmovups(at(R8, v * width), vector(v));
  add(RSI, RDX);
  add(R8, R9);
  dec(R10);
  jne(nextRow);
}

/**
 * Writes the code that copies a strip of as many columns as a vector has lanes, transposed: what
 * was a row becomes a column. It takes square blocks, `rows` of them, one beside the other; what a
 * row has beyond the last whole block is not copied.
 */
export function writeTranspose(asm: Assembler): void {
  const { mov, add, dec, jne, bind, label, lea, vmovups, lanes, width } = asm;
  mov(RSI, word("from"));
  mov(RDX, word("fromRow"));
  mov(R8, word("to"));
  mov(R9, word("toRow"));
  mov(R10, word("rows"));
  lea(R11, { base: RDX, index: RDX, scale: 2 });
  lea(R12, { base: R9, index: R9, scale: 2 });
  const nextBlock = label();
  bind(nextBlock);
  mov(RAX, RSI);
  const rows = Array.from({ length: lanes }, (_, i) => vector(i));
  const spare = Array.from({ length: lanes }, (_, i) => vector(lanes + i));
  rows.forEach((row, i) => {
    vmovups(row, { base: RAX, ...stepsOf(i % 4, RDX, R11) });
    if (i % 4 === 3) lea(RAX, { base: RAX, index: RDX, scale: 4 });
  });
  const columns = transposed(asm, rows, spare);
  mov(RBX, R8);
  columns.forEach((column, i) => {
    vmovups({ base: RBX, ...stepsOf(i % 4, R9, R12) }, column);
    if (i % 4 === 3) lea(RBX, { base: RBX, index: R9, scale: 4 });
  });
  add(RSI, width); // the next columns of the rows
  mov(R8, RBX); // are rows further down
  dec(R10);
  jne(nextBlock);
}

/** 0 to 3 steps of a register's length, of which another holds three. */
function stepsOf(count: number, one: typeof RDX, three: typeof RDX): Partial<Memory> {
  if (count === 0) return {};
  return count === 3 ? { index: three, scale: 1 } : { index: one, scale: count as 1 | 2 };
}

/** Writes what makes of two registers one: of the lower halves of something, or the higher ones. */
type Exchange = (to: Vector, a: Vector, b: Vector, high: boolean) => void;

/**
 * Transposes a square block in registers, in as many rounds as its side doubles from 1: each
 * exchanges what registers `distance` apart have for one another.
 *
 * @returns the registers of its columns, in order
 */
function transposed(asm: Assembler, rows: Vector[], spare: Vector[]): Vector[] {
  const { vunpcklps, vunpckhps, vshufps } = asm;
  let [from, to] = [rows, spare];
  const round = (distance: number, write: Exchange) => {
    for (let a = 0; a < from.length; a++) {
      if (a & distance) continue;
      const b = a + distance;
      write(to[a]!, from[a]!, from[b]!, false);
      write(to[b]!, from[a]!, from[b]!, true);
    }
    [from, to] = [to, from];
  };
  // Within each four lanes, which then hold four rows of one column:
  round(1, (to, a, b, high) => high ? vunpckhps(to, a, b) : vunpcklps(to, a, b));
  round(2, (to, a, b, high) => vshufps(to, a, b, high ? 0xee : 0x44));
  // and then the fours among one another.
  if (asm.vectors === "avx2") {
    round(4, (to, a, b, high) => asm.vperm2f128(to, a, b, high ? 0x31 : 0x20));
  } else {
    round(4, (to, a, b, high) => asm.vshuff32x4(to, a, b, high ? 0xdd : 0x88));
    round(8, (to, a, b, high) => asm.vshuff32x4(to, a, b, high ? 0xdd : 0x88));
  }
  return from.map((_, column) => from[column & ~3 | [0, 2, 1, 3][column & 3]!]!);
}
