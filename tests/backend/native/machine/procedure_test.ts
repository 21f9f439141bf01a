import assert from "node:assert/strict";
import {
  type Assembler,
  at,
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
  RSP,
  vector,
  type VectorSet,
} from "dlm/backend/native/machine/assembler.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { type ConventionName, procedure } from "dlm/backend/native/machine/procedure.ts";
import { detectProcessor } from "dlm/backend/native/processor.ts";
import { addressOf, canRun, runOn } from "../_ffi.ts";

const GENERALS = [
  ...[RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15],
];
const XMMS = Array.from({ length: 16 }, (_, i) => vector(i));

/** What a caller's registers hold before and after a call, in words of 64 bits. */
const CODE = 0;
const ARGUMENT = 1;
const STACK = 2;
const BEFORE = 3;
const AFTER = BEFORE + 16 + 32;
const WORDS = AFTER + 16 + 32;

/**
 * A caller that fills all registers, calls the code by a convention, and looks what they are then.
 * It is itself a procedure, called by the convention of this system.
 */
function caller(convention: ConventionName): Uint8Array {
  const half = { width: 16 } as const;
  return procedure("avx2", ({ mov, push, sub, and, call, vmovups }) => {
    const general = (start: number, i: number) => at(RAX, 8 * (start + i));
    const xmm = (start: number, i: number) => at(RAX, 8 * (start + 16 + 2 * i));
    mov(at(RDI, 8 * STACK), RSP);
    and(RSP, -16); // as a call wants it
    push(RDI);
    push(RDI);
    sub(RSP, 32); // which on Windows are for whoever is called
    mov(RAX, RDI);
    mov(general(BEFORE, RSP.number), RSP);
    XMMS.forEach((register, i) => vmovups(register, xmm(BEFORE, i), half));
    for (const register of GENERALS) {
      if (register !== RAX && register !== RSP) mov(register, general(BEFORE, register.number));
    }
    mov(convention === "windows" ? RCX : RDI, general(ARGUMENT, 0));
    mov(RAX, general(CODE, 0));
    call(RAX);
    mov(RAX, at(RSP, 32));
    for (const register of GENERALS) mov(general(AFTER, register.number), register);
    XMMS.forEach((register, i) => vmovups(xmm(AFTER, i), register, half));
    mov(RSP, general(STACK, 0));
  });
}

/** Calls a procedure; which registers it changed. */
function changedBy(code: Uint8Array, convention: ConventionName, argument: bigint): string[] {
  const words = BigUint64Array.from({ length: WORDS }, (_, i) => BigInt(i + 1) ** 9n);
  using executable = makeExecutable(code);
  words[CODE] = executable.address;
  words[ARGUMENT] = argument;
  runOn(caller(convention), words);
  const differs = (i: number) => words[BEFORE + i] !== words[AFTER + i];
  const generals = GENERALS.filter(({ number }) => differs(number));
  const xmms = XMMS.filter(({ number }) => differs(16 + 2 * number) || differs(17 + 2 * number));
  return [
    ...generals.map(({ number }) => NAMES[number]!),
    ...xmms.map(({ number }) => `x${number}`),
  ];
}
const NAMES = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"]
  .concat(["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]);

/** Adds 1 to the number at its argument, and leaves nothing else as it was. */
function ruin({ mov, add, vxorps, registers }: Assembler): void {
  mov(RAX, at(RDI));
  add(RAX, 1);
  mov(at(RDI), RAX);
  for (const register of GENERALS) if (register !== RSP) mov(register, -2);
  for (let i = 0; i < registers; i++) vxorps(vector(i), vector(i), vector(i));
}

const SETS: VectorSet[] = ["avx2", "avx512"];
const usable = detectProcessor().processor?.vectors ?? [];
const VOLATILE: Record<ConventionName, string[]> = {
  systemV: [
    ...["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"],
    ...XMMS.map(({ number }) => `x${number}`),
  ],
  windows: [
    ...["rax", "rcx", "rdx", "r8", "r9", "r10", "r11"],
    ...["x0", "x1", "x2", "x3", "x4", "x5"],
  ],
};

for (const set of SETS) {
  for (const convention of ["systemV", "windows"] as const) {
    Deno.test(`a procedure keeps what its caller wants to find again (${set}, ${convention})`, {
      ignore: !canRun || !usable.includes(set),
    }, () => {
      const argument = new BigUint64Array([41n]);
      const code = procedure(set, ruin, convention);
      assert.deepEqual(changedBy(code, convention, addressOf(argument)), VOLATILE[convention]);
      assert.equal(argument[0], 42n);
    });
  }
}

Deno.test("a procedure saves nothing that it does not use", () => {
  const body = ({ mov }: Assembler) => mov(at(RDI), RAX);
  assert.equal(procedure("avx2", body, "systemV").toHex(), "488907" + "c3");
  const windows = ["57", "4889cf", "488907", "5f", "c3"]; // push rdi, mov rdi, rcx, …, pop rdi
  assert.equal(procedure("avx2", body, "windows").toHex(), windows.join(""));
});

Deno.test("a procedure runs on vectors of either set", { ignore: !usable.length }, () => {
  for (const set of usable) {
    const numbers = Float32Array.from({ length: 16 }, (_, i) => i);
    const code = procedure(set, ({ vmovups, vaddps }) => {
      vmovups(vector(7), at(RDI));
      vaddps(vector(7), vector(7), vector(7));
      vmovups(at(RDI), vector(7));
    });
    runOn(code, numbers);
    const lanes = set === "avx2" ? 8 : 16;
    assert.deepEqual([...numbers], [...numbers.keys()].map((i) => i < lanes ? 2 * i : i));
  }
});
