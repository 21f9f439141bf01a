import { type Code, type Condition, CONDITIONS, fitsByte, fourBytes, type Label } from "./code.ts";
import { encodeGeneral } from "./encoding.ts";
import { type General, type Memory, RAX } from "./operands.ts";

/** What is done to a register with a number: from a register, from memory, or in the code. */
type Arithmetic = (to: General, from: General | Memory | number) => void;

/** The instructions of the general registers, all of 64 bits: the target comes first. */
export interface GeneralInstructions
  extends
    Record<keyof typeof ARITHMETIC, Arithmetic>,
    Record<`j${Condition}`, (to: Label) => void> {
  /** Copies: between registers, from or to memory, or a number of up to 64 bits. */
  mov(to: General, from: General | Memory | number | bigint): void;
  mov(to: Memory, from: General): void;
  /** Computes an address, and reads nothing. */
  lea(to: General, from: Memory): void;
  /** `to -= 1`, after which `jne` jumps unless it is 0. */
  dec(to: General): void;
  /** Compares bit by bit: after a register with itself, `je` jumps if it is 0. */
  test(left: General, right: General): void;
  push(from: General): void;
  pop(to: General): void;
  /** Calls the code at an address. */
  call(code: General): void;
  ret(): void;
  /** What the processor says of itself, by the numbers in `RAX` and `RCX`: in `RAX`, `RBX`,
   * `RCX` and `RDX`. */
  cpuid(): void;
  /** What the system saves of a program, by the number in `RCX`: in `RAX` and `RDX`. */
  xgetbv(): void;
}

/** The instructions whose opcodes differ in one number only. */
const ARITHMETIC = { add: 0, and: 4, sub: 5 };

/** The instructions of the general registers, written to `code`. */
export function generalInstructions(code: Code): GeneralInstructions {
  const write = (opcode: number[], reg: number, rm: General | Memory, rest: number[] = []) =>
    code.emit([...encodeGeneral(opcode, { reg, rm }), ...rest]);
  const arithmetic = (number: number): Arithmetic => (to, from) => {
    const opcode = number << 3;
    if (typeof from !== "number") {
      if ("base" in from) write([opcode | 3], to.number, from);
      else write([opcode | 1], from.number, to);
      return;
    }
    checkImmediate(from);
    if (fitsByte(from)) write([0x83], number, to, [from & 0xff]);
    else if (to === RAX) code.emit([0x48, opcode | 5, ...fourBytes(from)]); // a byte shorter
    else write([0x81], number, to, fourBytes(from));
  };
  /** An instruction of 64 bits though it does not say so. */
  const stack = (opcode: number) => ({ number }: General) =>
    code.emit([...(number > 7 ? [0x41] : []), opcode | number & 7]);
  const fixed = (...bytes: number[]) => () => code.emit(bytes);
  return {
    ...mapTable(ARITHMETIC, arithmetic),
    ...Object.fromEntries(
      CONDITIONS.map((condition) => [`j${condition}`, (to: Label) => code.jump(condition, to)]),
    ) as Record<`j${Condition}`, (to: Label) => void>,
    mov(to: General | Memory, from: General | Memory | number | bigint) {
      if ("base" in to) write([0x89], (from as General).number, to);
      else if (typeof from !== "object") code.emit(encodeConstant(to, BigInt(from)));
      else if ("base" in from) write([0x8b], to.number, from);
      else write([0x89], from.number, to);
    },
    lea: (to, from) => write([0x8d], to.number, from),
    dec: (to) => write([0xff], 1, to),
    test: (left, right) => write([0x85], right.number, left),
    push: stack(0x50),
    pop: stack(0x58),
    call: (address) => code.emit(encodeGeneral([0xff], { reg: 2, rm: address }, false)),
    ret: fixed(0xc3),
    cpuid: fixed(0x0f, 0xa2),
    xgetbv: fixed(0x0f, 0x01, 0xd0),
  };
}

/** Makes something of each entry of a table. */
export function mapTable<Table extends object, Made>(
  table: Table,
  make: (entry: Table[keyof Table], name: string) => Made,
): Record<keyof Table, Made> {
  const made = Object.entries(table).map(([name, entry]) => [name, make(entry, name)]);
  return Object.fromEntries(made) as Record<keyof Table, Made>;
}

/** Puts a number into a register: in four bytes, if the processor can extend its sign. */
function encodeConstant(to: General, number: bigint): number[] {
  const signed = BigInt.asIntN(64, number);
  if (number !== signed && number !== BigInt.asUintN(64, number)) {
    throw new RangeError(`${number} has more than the 64 bits of a register.`);
  }
  if (signed === BigInt.asIntN(32, signed)) {
    return [...encodeGeneral([0xc7], { reg: 0, rm: to }), ...fourBytes(Number(signed))];
  }
  const low = Number(BigInt.asIntN(32, signed));
  const high = Number(signed >> 32n);
  return [0x48 | to.number >> 3, 0xb8 | to.number & 7, ...fourBytes(low), ...fourBytes(high)];
}

function checkImmediate(number: number): void {
  if (number !== (number | 0)) {
    throw new RangeError(
      `${number} is not a whole number of 32 bits: move it into a register first.`,
    );
  }
}
