import type { Code } from "./code.ts";
import { encodeEvex, encodeVex, type Fields } from "./encoding.ts";
import { mapTable } from "./general.ts";
import { type General, type Mask, type Memory, type Vector, vector } from "./operands.ts";
import {
  BINARY,
  type Binary,
  BINARY_BY,
  type BinaryBy,
  type Instruction,
  type Move,
  MOVES,
  SINGLE,
  type VectorInstructions,
  type VectorOptions,
  type VectorSet,
} from "./vector_table.ts";

/** How many bytes the registers of each set have. */
export const WIDTHS = { avx2: 32, avx512: 64 } as const;

/** Which operands go where. */
interface Slots {
  reg: Vector | Mask;
  vvvv?: Vector;
  rm: Vector | General | Memory;
  immediate?: number;
}

/** Writes an instruction with these operands. */
type Write = (slots: Slots, options?: VectorOptions) => void;

/** The instructions of the vector registers, written to `code`. */
export function vectorInstructions(code: Code, set: VectorSet): VectorInstructions {
  const writer = (instruction: Instruction, name: string): Write => (slots, options) => {
    try {
      code.emit(encode(instruction, slots, { width: WIDTHS[set], ...options }, set));
    } catch (error) {
      if (error instanceof RangeError) error.message = `${name}: ${error.message}`;
      throw error;
    }
  };
  const storing = (instruction: Instruction, name: string): Write =>
    writer({ ...instruction, opcode: instruction.store! }, name);
  const move = (instruction: Instruction, name: string): Move => (to, from, options) => {
    if (!("base" in to)) return writer(instruction, name)({ reg: to, rm: from }, options);
    refuseZeroing(name, options);
    storing(instruction, name)({ reg: from as Vector, rm: to }, options);
  };
  const binary = (write: Write): Binary => (to, a, b, options) =>
    write({ reg: to, vvvv: a, rm: b }, options);
  const binaryBy = (write: Write): BinaryBy => (to, a, b, how, options) =>
    write({ reg: to, vvvv: a, rm: b, immediate: how }, options);
  const single = mapTable(SINGLE, writer);
  return {
    ...mapTable(MOVES, move),
    ...mapTable(mapTable(BINARY, writer), binary),
    ...mapTable(mapTable(BINARY_BY, writer), binaryBy),
    vbroadcastss: (to, from, options) => single.vbroadcastss({ reg: to, rm: from }, options),
    vmaskmovps(to: Vector | Memory, signs: Vector, from: Vector | Memory) {
      if (!("base" in to)) return single.vmaskmovps({ reg: to, vvvv: signs, rm: from });
      storing(SINGLE.vmaskmovps, "vmaskmovps")({ reg: from as Vector, vvvv: signs, rm: to });
    },
    kmovw(to, from) {
      if (set === "avx2") throw new RangeError("kmovw: there are no masks in AVX2.");
      single.kmovw({ reg: to, rm: from }, { width: 16 });
    },
    vzeroupper: () => code.emit([0xc5, 0xf8, 0x77]),
  };
}

/**
 * Encodes as of AVX2 what that can say, which takes less bytes, and else as of AVX-512.
 *
 * @throws {RangeError} if neither can say it, or the set does not have it
 */
function encode(
  instruction: Instruction,
  { reg, vvvv, rm, immediate }: Slots,
  { mask, zeroing = false, width }: VectorOptions & { width: 16 | 32 | 64 },
  set: VectorSet,
): number[] {
  const fields: Fields = { reg: reg.number, vvvv: vvvv?.number, rm, immediate };
  const highest = Math.max(fields.reg, vvvv?.number ?? 0, "number" in rm ? rm.number : 0);
  const { only, memoryBytes = width } = instruction;
  if (immediate !== undefined && immediate !== (immediate & 0xff)) {
    throw new RangeError(`${immediate} is not a whole number from 0 to 255.`);
  }
  const needsEvex = highest > 15 || mask || zeroing || only === "avx512";
  if (width !== 64 && !needsEvex) return encodeShort(instruction, width, fields);
  if (only === "avx2") {
    throw new RangeError(
      "AVX2 alone has this, with registers 0 to 15, of up to 32 bytes, and without masks.",
    );
  }
  if (set === "avx2") {
    throw new RangeError(
      "AVX2 does not have this instruction, or its mask, width or registers.",
    );
  }
  if (zeroing && !mask) throw new RangeError("zeroing needs a mask: say which lanes stay.");
  return encodeEvex(instruction.evex ?? instruction, width, {
    ...fields,
    mask: mask?.number ?? 0,
    zeroing,
    memoryBytes,
  });
}

/** Encodes as of AVX2. Its short prefix has no room for a high register in `rm`: one that is copied
 * goes the other way, as if to memory. */
function encodeShort(instruction: Instruction, width: 16 | 32, fields: Fields): number[] {
  const { reg, rm } = fields;
  const { store } = instruction;
  if (store === undefined || "base" in rm || rm.number < 8 || reg > 7) {
    return encodeVex(instruction, width, fields);
  }
  return encodeVex({ ...instruction, opcode: store }, width, { reg: rm.number, rm: vector(reg) });
}

function refuseZeroing(name: string, options?: VectorOptions): void {
  if (options?.zeroing) throw new RangeError(`${name}: only in vector registers lanes are zeroed.`);
}
