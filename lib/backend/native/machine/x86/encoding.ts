import { fitsByte, fourBytes } from "./code.ts";
import type { General, Mask, Memory, Vector } from "./operands.ts";

/** Of the register's number, the bit of this place. An instruction has three bits for each of its
 * registers; those above were added later and stand in a prefix. */
const bit = (number: number, place: number) => number >> place & 1;

/**
 * Which instruction it is, as the manuals write it. All ours of the vectors have W = 0, since
 * their numbers are of 32 bits.
 */
export interface Opcode {
  /** A byte that once was a prefix and now is a part of the name: none, 66, F3 or F2. */
  readonly prefix?: 0x66 | 0xf3 | 0xf2;
  /** The map of opcodes, by the bytes that once led there: 0F unless said. */
  readonly map?: 0x0f38 | 0x0f3a;
  readonly opcode: number;
}

/** Where the operands of an instruction go. */
export interface Fields {
  /** The number in the field `reg`: of a register, or of some instructions a part of the name. */
  reg: number;
  /** The register in the field `vvvv`, the first of two sources. */
  vvvv?: number;
  /** The register or memory in the field `rm`, the only one that may be memory. */
  rm: General | Vector | Mask | Memory;
  /** A byte at the end. */
  immediate?: number;
}

/** What only the encoding of AVX-512 can say. */
export interface EvexFields extends Fields {
  /** The number of the mask register; 0 for none. */
  mask: number;
  zeroing: boolean;
  /** How much memory is read or written, in which a short displacement counts. */
  memoryBytes: number;
}

/**
 * An instruction of the general registers, with 64 bits unless said.
 *
 * @see Intel, Software Developer's Manual, volume 2, 2.2.1
 */
export function encodeGeneral(opcode: readonly number[], fields: Fields, wide = true): number[] {
  const { reg, rm } = fields;
  const { index, base } = highBits(rm);
  const rex = 0x40 | Number(wide) << 3 | bit(reg, 3) << 2 | index << 1 | base;
  return [...(rex === 0x40 ? [] : [rex]), ...opcode, ...encodeOperand(fields)];
}

/**
 * An instruction of AVX and AVX2, with registers 0 to 15 of 16 or 32 bytes.
 *
 * @see Intel, Software Developer's Manual, volume 2, 2.3
 */
export function encodeVex(opcode: Opcode, width: 16 | 32, fields: Fields): number[] {
  const { reg, rm, vvvv = 0 } = fields;
  const { index, base } = highBits(rm);
  const notReg = 0x80 & ~(reg << 4);
  const last = (~vvvv & 15) << 3 | Number(width === 32) << 2 | prefixOf(opcode);
  const short = !index && !base && opcode.map === undefined;
  return [
    ...(short
      ? [0xc5, notReg | last]
      : [0xc4, notReg | (index ^ 1) << 6 | (base ^ 1) << 5 | mapOf(opcode), last]),
    opcode.opcode,
    ...encodeOperand(fields),
  ];
}

/**
 * An instruction of AVX-512, with registers 0 to 31 of 16, 32 or 64 bytes.
 *
 * @see Intel, Software Developer's Manual, volume 2, 2.7
 */
export function encodeEvex(opcode: Opcode, width: 16 | 32 | 64, fields: EvexFields): number[] {
  const { reg, rm, vvvv = 0, mask, zeroing, memoryBytes } = fields;
  const { index, base } = highBits(rm);
  const flipped = bit(reg, 3) << 7 | index << 6 | base << 5 | bit(reg, 4) << 4;
  const length = { 16: 0, 32: 1, 64: 2 }[width];
  return [
    0x62,
    flipped ^ 0xf0 | mapOf(opcode),
    (~vvvv & 15) << 3 | 4 | prefixOf(opcode),
    Number(zeroing) << 7 | length << 5 | (bit(vvvv, 4) ^ 1) << 3 | mask,
    opcode.opcode,
    ...encodeOperand(fields, memoryBytes),
  ];
}

const prefixOf = ({ prefix }: Opcode) => [undefined, 0x66, 0xf3, 0xf2].indexOf(prefix);
const mapOf = ({ map }: Opcode) => [undefined, undefined, 0x0f38, 0x0f3a].lastIndexOf(map);

/** The bits of `rm` that stand in the prefix: two of a register, or one each of two. */
function highBits(rm: Fields["rm"]): { index: number; base: number } {
  return "base" in rm
    ? { index: bit(rm.index?.number ?? 0, 3), base: bit(rm.base.number, 3) }
    : { index: bit(rm.number, 4), base: bit(rm.number, 3) };
}

/**
 * What comes after the opcode: `reg` and `rm`, how to find the memory, and the immediate.
 *
 * @param unit what a displacement in one byte counts: bytes, but in AVX-512 whole operands
 */
function encodeOperand({ reg, rm, immediate }: Fields, unit = 1): number[] {
  const last = immediate === undefined ? [] : [immediate & 0xff];
  const modRm = (mod: number, low: number) => mod << 6 | (reg & 7) << 3 | low;
  if (!("base" in rm)) return [modRm(3, rm.number & 7), ...last];
  const { base, index, scale = 1, displacement = 0 } = rm;
  checkMemory(rm);
  const low = base.number & 7;
  const fits = fitsByte(displacement / unit);
  // Without a displacement, the numbers of RBP and R13 mean something else: no base.
  const mod = displacement === 0 && low !== 5 ? 0 : fits ? 1 : 2;
  const distance = [[], [displacement / unit & 0xff], fourBytes(displacement)][mod]!;
  // The number of RSP says that a byte follows with an index, and there it says that there is
  // none. So RSP cannot be an index, and it and R12 as bases always have that byte.
  if (!index && low !== 4) return [modRm(mod, low), ...distance, ...last];
  const sib = Math.log2(scale) << 6 | ((index?.number ?? 4) & 7) << 3 | low;
  return [modRm(mod, 4), sib, ...distance, ...last];
}

function checkMemory({ index, displacement = 0 }: Memory): void {
  if (index?.number === 4) {
    throw new RangeError("RSP cannot be an index: take another register, or make it the base.");
  }
  if (displacement !== (displacement | 0)) {
    throw new RangeError(
      `A displacement is a whole number of 32 bits, not ${displacement}: add to the base.`,
    );
  }
}
