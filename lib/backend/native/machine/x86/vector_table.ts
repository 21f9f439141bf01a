import type { Opcode } from "./encoding.ts";
import type { Broadcast, General, Mask, Memory, Vector } from "./operands.ts";

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
  /** How much memory it reads or writes, in bytes; without it, a whole register. */
  readonly memoryBytes?: 4 | 16;
  /** How it is encoded for AVX-512, if otherwise: the same deed under another name. */
  readonly evex?: Opcode;
  /** The only set that has it. */
  readonly only?: VectorSet;
}

/** Reads into a register, copies one, or writes it to memory. */
export type Move = (to: Vector | Memory, from: Vector | Memory, options?: VectorOptions) => void;
export const MOVES = {
  vmovups: { opcode: 0x10, store: 0x11 },
  vmovaps: { opcode: 0x28, store: 0x29 }, // memory at multiples of the width, else a crash
} satisfies Record<string, Instruction>;

/** Makes one vector of one. */
export type Unary = (
  to: Vector,
  from: Vector | Memory | Broadcast,
  options?: VectorOptions,
) => void;
export const UNARY = {
  vcvtps2dq: { prefix: 0x66, opcode: 0x5b }, // to whole numbers, the nearest
} satisfies Record<string, Instruction>;

/** Makes one vector of two, or of three with what stood in the target: lane by lane. */
export type Binary = (
  to: Vector,
  a: Vector,
  b: Vector | Memory | Broadcast,
  options?: VectorOptions,
) => void;
export const BINARY = {
  vaddps: { opcode: 0x58 },
  vsubps: { opcode: 0x5c },
  vmulps: { opcode: 0x59 },
  vdivps: { opcode: 0x5e },
  vmaxps: { opcode: 0x5f }, // b if either is NaN
  vminps: { opcode: 0x5d },
  vfmadd213ps: { prefix: 0x66, map: 0x0f38, opcode: 0xa8 }, // a * to + b
  vfmadd231ps: { prefix: 0x66, map: 0x0f38, opcode: 0xb8 }, // a * b + to
  vandps: { opcode: 0x54, evex: { prefix: 0x66, opcode: 0xdb } }, // or vpandd
  vxorps: { opcode: 0x57, evex: { prefix: 0x66, opcode: 0xef } }, // or vpxord
  vpaddd: { prefix: 0x66, opcode: 0xfe }, // whole numbers
  vunpcklps: { opcode: 0x14 }, // of each 4 lanes a0 b0 a1 b1 …
  vunpckhps: { opcode: 0x15 }, // … and a2 b2 a3 b3
  vblendmps: { prefix: 0x66, map: 0x0f38, opcode: 0x65, only: "avx512" }, // b where the mask is set
  vscalefps: { prefix: 0x66, map: 0x0f38, opcode: 0x2c, only: "avx512" }, // a * 2 ** floor(b)
} satisfies Record<string, Instruction>;

/** Makes one vector of one, in a way that a number in the code tells. */
export type UnaryBy = (
  to: Vector,
  from: Vector | Memory | Broadcast,
  how: number,
  options?: VectorOptions,
) => void;
export const UNARY_BY = {
  vroundps: { // 8: to the nearest, 9: down, 10: up, 11: towards 0; or vrndscaleps
    prefix: 0x66,
    map: 0x0f3a,
    opcode: 0x08,
  },
} satisfies Record<string, Instruction>;

/** Makes one vector of two, in a way that a number in the code tells. */
export type BinaryBy = (
  to: Vector,
  a: Vector,
  b: Vector | Memory | Broadcast,
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
  vmovss: { prefix: 0xf3, opcode: 0x10, store: 0x11, memoryBytes: 4 },
  vaddss: { prefix: 0xf3, opcode: 0x58, memoryBytes: 4 },
  vbroadcastss: { prefix: 0x66, map: 0x0f38, opcode: 0x18, memoryBytes: 4 },
  vpslld: { prefix: 0x66, opcode: 0x72 },
  vextractf128: { prefix: 0x66, map: 0x0f3a, opcode: 0x19, memoryBytes: 16 },
  vcmpps: { opcode: 0xc2 },
  vblendvps: { prefix: 0x66, map: 0x0f3a, opcode: 0x4a, only: "avx2" },
  vmaskmovps: { prefix: 0x66, map: 0x0f38, opcode: 0x2c, store: 0x2e, only: "avx2" },
  kmovw: { opcode: 0x92 },
} satisfies Record<string, Instruction>;

/**
 * The instructions of the vector registers, whose lanes hold 32 bits, almost all of them of
 * numbers with a point. The target comes first.
 */
export interface VectorInstructions
  extends
    Record<keyof typeof MOVES, Move>,
    Record<keyof typeof UNARY, Unary>,
    Record<keyof typeof BINARY, Binary>,
    Record<keyof typeof UNARY_BY, UnaryBy>,
    Record<keyof typeof BINARY_BY, BinaryBy> {
  /** Reads one number into the lowest lane, and 0 into the others, or writes that lane. */
  vmovss(to: Vector, from: Memory): void;
  vmovss(to: Memory, from: Vector): void;
  /** `a + b` in the lowest lane; the next three are those of `a`. */
  vaddss(to: Vector, a: Vector, b: Vector | Memory): void;
  /** One number, in all lanes. */
  vbroadcastss(to: Vector, from: Vector | Memory, options?: VectorOptions): void;
  /** Whole numbers times `2 ** places`. */
  vpslld(to: Vector, from: Vector, places: number, options?: VectorOptions): void;
  /** Four neighbouring lanes, the first or the second four of them and so on. */
  vextractf128(to: Vector | Memory, from: Vector, which: number, options?: VectorOptions): void;
  /**
   * Compares, by 0: `a = b`, 1: `a < b`, 2: `a <= b`, 4, 5, 6: not so, 13: `a >= b`, 14: `a > b`.
   * Into a mask register with AVX-512, into the signs of a vector with AVX2.
   */
  vcmpps(
    to: Mask | Vector,
    a: Vector,
    b: Vector | Memory | Broadcast,
    how: number,
    options?: VectorOptions,
  ): void;
  /** `b` where the sign of `signs` is set, else `a`: AVX2 alone. */
  vblendvps(to: Vector, a: Vector, b: Vector | Memory, signs: Vector): void;
  /** Reads the lanes whose sign is set, and 0 into the others, or writes them: AVX2 alone. */
  vmaskmovps(to: Vector, signs: Vector, from: Memory): void;
  vmaskmovps(to: Memory, signs: Vector, from: Vector): void;
  /** The lowest 16 bits of a register, as a mask: AVX-512 alone. */
  kmovw(to: Mask, from: General): void;
  /** Ends the use of wide registers: after it, old instructions of 16 bytes cost no more. */
  vzeroupper(): void;
}
