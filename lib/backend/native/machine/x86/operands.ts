/** One of the sixteen general registers, 64 bits wide: addresses and counts. */
export interface General {
  readonly kind: "general";
  readonly number: number;
}

/** One of the vector registers, of which AVX-512 has 32 and AVX2 the first sixteen. */
export interface Vector {
  readonly kind: "vector";
  readonly number: number;
}

/** A mask register of AVX-512: a bit for each lane of a vector. */
export interface Mask {
  readonly kind: "mask";
  readonly number: number;
}

/** The place in memory at `base + index * scale + displacement`, in bytes. */
export interface Memory {
  readonly base: General;
  /** Any but `RSP`. */
  readonly index?: General;
  readonly scale?: 1 | 2 | 4 | 8;
  readonly displacement?: number;
}

const general = (number: number): General => Object.freeze({ kind: "general", number });

// Their numbers are the processor's: it counts the first eight in an order of its own.
export const RAX: General = general(0);
export const RCX: General = general(1);
export const RDX: General = general(2);
export const RBX: General = general(3);
export const RSP: General = general(4);
export const RBP: General = general(5);
export const RSI: General = general(6);
export const RDI: General = general(7);
export const R8: General = general(8);
export const R9: General = general(9);
export const R10: General = general(10);
export const R11: General = general(11);
export const R12: General = general(12);
export const R13: General = general(13);
export const R14: General = general(14);
export const R15: General = general(15);

const mask = (number: number): Mask => Object.freeze({ kind: "mask", number });

// There is a k0, but in an instruction its number says that there is no mask.
export const K1: Mask = mask(1);
export const K2: Mask = mask(2);

const vectors = Array.from(
  { length: 32 },
  (_, number): Vector => Object.freeze({ kind: "vector", number }),
);

/**
 * The vector register of that number: `zmm`, `ymm` or `xmm`, as wide as the instruction.
 *
 * @throws {RangeError} if there is none
 */
export function vector(number: number): Vector {
  const found = vectors[number];
  if (!found) throw new RangeError(`There is no vector register ${number}: they go from 0 to 31.`);
  return found;
}

/** The place in memory so many bytes after the one to which `base` points. */
export function at(base: General, displacement = 0): Memory {
  return { base, displacement };
}
