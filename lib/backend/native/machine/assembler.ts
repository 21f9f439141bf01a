import { type Label, startCode } from "./x86/code.ts";
import { type GeneralInstructions, generalInstructions } from "./x86/general.ts";
import { type General, RAX, RBX, RCX, RDX, RSP, type Vector } from "./x86/operands.ts";
import type { VectorInstructions, VectorSet } from "./x86/vector_table.ts";
import { vectorInstructions, WIDTHS } from "./x86/vectors.ts";

export * from "./x86/operands.ts";
export type { Label, VectorSet };
export type { VectorOptions } from "./x86/vector_table.ts";

/**
 * Writes machine code for x86-64, instruction by instruction, each by a method of its name. One
 * program can be written for both sets of vector instructions: it asks how wide a vector is, and
 * how many there are. To a method that the set does not have it is a `RangeError`.
 *
 * @example
 * ```ts
 * import { at, createAssembler, RDI, RSI, vector } from "dlm/backend/native/machine/assembler.ts";
 *
 * const { mov, vmovups, vaddps, jne, dec, bind, label, finish } = createAssembler("avx2");
 * const [sum, again] = [vector(0), label()];
 * mov(RSI, 10);
 * bind(again);
 * vaddps(sum, sum, at(RDI));
 * dec(RSI);
 * jne(again);
 * vmovups(at(RDI, 32), sum);
 * finish(); // the bytes of the code
 * ```
 */
export interface Assembler extends GeneralInstructions, VectorInstructions {
  readonly vectors: VectorSet;
  /** The bytes of a vector. */
  readonly width: 32 | 64;
  /** The numbers of 32 bits in a vector. */
  readonly lanes: 8 | 16;
  /** How many vector registers there are. */
  readonly registers: 16 | 32;
  /** The registers that the code so far uses, be it to read them. */
  readonly used: ReadonlySet<General | Vector>;
  /** Makes a label, to be put in one place and jumped to from any. */
  label(): Label;
  /** Puts a label here. */
  bind(label: Label): void;
  /**
   * The bytes of the code.
   *
   * @throws {RangeError} if a jump leads to a label that is nowhere
   */
  finish(): Uint8Array<ArrayBuffer>;
}

/** What instructions use that is not among their operands. */
const UNSAID: Record<string, General[]> = {
  call: [RSP],
  cpuid: [RAX, RBX, RCX, RDX],
  pop: [RSP],
  push: [RSP],
  ret: [RSP],
  xgetbv: [RAX, RCX, RDX],
};

/** An assembler that has written nothing yet. */
export function createAssembler(vectors: VectorSet): Assembler {
  const code = startCode();
  const used = new Set<General | Vector>();
  const width = WIDTHS[vectors];
  return {
    ...noting(used, generalInstructions(code)),
    ...noting(used, vectorInstructions(code, vectors)),
    vectors,
    width,
    lanes: width === 32 ? 8 : 16,
    registers: width === 32 ? 16 : 32,
    used,
    label: () => ({}),
    bind: code.bind,
    finish: code.finish,
  };
}

/** The same instructions, which also note the registers that they use. */
function noting<Instructions extends object>(
  used: Set<General | Vector>,
  instructions: Instructions,
): Instructions {
  const note = (operand: unknown) => {
    if (typeof operand !== "object" || operand === null) return;
    if (!("kind" in operand)) Object.values(operand).forEach(note); // a memory's registers
    else if (operand.kind !== "mask") used.add(operand as General | Vector);
  };
  const noted = Object.entries(instructions).map(([name, write]) => [
    name,
    (...operands: unknown[]) => {
      write(...operands);
      operands.concat(UNSAID[name] ?? []).forEach(note);
    },
  ]);
  return Object.fromEntries(noted) as Instructions;
}
