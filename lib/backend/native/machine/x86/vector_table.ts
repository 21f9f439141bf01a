import type { Opcode } from "./encoding.ts";
import type { General, Mask, Memory, Vector } from "./operands.ts";

/** What the vector instructions may use: registers of 32 bytes, or of 64. */
export type VectorSet = "avx2" | "avx512";

/** What an instruction says besides its operands. */
export interface VectorOptions {
  /** The lanes with which it is done, by their bits in a mask register: AVX-512 alone. */
  mask?: Mask;
  /** Puts 0 into the other lanes, which else stay what they were. */
  zeroing?: boolean;
  /** How much of the registers it works on, in bytes: all that the set has, unless said. */
  width?: 16 | 32 | 64;
}

/** An instruction as the tables have it. */
export interface Instruction extends Opcode {
  /** The opcode that writes what the other reads. */
  readonly store?: number;
  /** How much memory it reads, in bytes; without it, a whole register. */
  readonly memoryBytes?: 4;
  /** How it is encoded for AVX-512, if otherwise: the same deed under another name. */
  readonly evex?: Opcode;
  /** The only set that has it. */
  readonly only?: VectorSet;
}

/** Reads into a register, copies one, or writes it to memory. */
export type Move = (to: Vector | Memory, from: Vector | Memory, options?: VectorOptions) => void;
export const MOVES = {
  vmovups: { opcode: 0x10, store: 0x11 },
} satisfies Record<string, Instruction>;

/** Makes one vector of two, or of three with what stood in the target: lane by lane. */
export type Binary = (
  to: Vector,
  a: Vector,
  b: Vector | Memory,
  options?: VectorOptions,
) => void;
export const BINARY = {
  vaddps: { opcode: 0x58 },
  vfmadd231ps: { prefix: 0x66, map: 0x0f38, opcode: 0xb8 }, // a * b + to
  vxorps: { opcode: 0x57, evex: { prefix: 0x66, opcode: 0xef } }, // or vpxord
  vunpcklps: { opcode: 0x14 }, // of each 4 lanes a0 b0 a1 b1 …
  vunpckhps: { opcode: 0x15 }, // … and a2 b2 a3 b3
} satisfies Record<string, Instruction>;

/** Makes one vector of two, in a way that a number in the code tells. */
export type BinaryBy = (
  to: Vector,
  a: Vector,
  b: Vector | Memory,
  how: number,
  options?: VectorOptions,
) => void;
export const BINARY_BY = {
  vshufps: { opcode: 0xc6 }, // of each 4 lanes two of a, then two of b
  vshuff32x4: { prefix: 0x66, map: 0x0f3a, opcode: 0x23, only: "avx512" }, // the same of fours
  vperm2f128: { prefix: 0x66, map: 0x0f3a, opcode: 0x06, only: "avx2" }, // halves of a and b
} satisfies Record<string, Instruction>;

/** The instructions with operands that no other has. */
export const SINGLE = {
  vbroadcastss: { prefix: 0x66, map: 0x0f38, opcode: 0x18, memoryBytes: 4 },
  vmaskmovps: { prefix: 0x66, map: 0x0f38, opcode: 0x2c, store: 0x2e, only: "avx2" },
  kmovw: { opcode: 0x92 },
} satisfies Record<string, Instruction>;

/**
 * The instructions of the vector registers, whose lanes hold numbers of 32 bits with a point. The
 * target comes first.
 */
export interface VectorInstructions
  extends
    Record<keyof typeof MOVES, Move>,
    Record<keyof typeof BINARY, Binary>,
    Record<keyof typeof BINARY_BY, BinaryBy> {
  /** One number, in all lanes. */
  vbroadcastss(to: Vector, from: Vector | Memory, options?: VectorOptions): void;
  /** Reads the lanes whose sign is set, and 0 into the others, or writes them: AVX2 alone. */
  vmaskmovps(to: Vector, signs: Vector, from: Memory): void;
  vmaskmovps(to: Memory, signs: Vector, from: Vector): void;
  /** The lowest 16 bits of a register, as a mask: AVX-512 alone. */
  kmovw(to: Mask, from: General): void;
  /** Ends the use of wide registers: after it, old instructions of 16 bytes cost no more. */
  vzeroupper(): void;
}
