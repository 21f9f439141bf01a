import { at, R8, RAX, RBX, RCX, RDI, RDX } from "./machine/assembler.ts";
import { openCall } from "./machine/call.ts";
import { makeExecutable } from "./machine/executable.ts";
import { procedure } from "./machine/procedure.ts";

/** An answer of `cpuid`: what it leaves in `RAX`, `RBX`, `RCX` and `RDX`. */
export interface Answer {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** What is asked, as numbers in `RAX` with 0 in `RCX`. */
const QUESTIONS = {
  vendor: 0,
  version: 1,
  features: 7,
  extensions: 0x8000_0000,
  brand1: 0x8000_0002,
  brand2: 0x8000_0003,
  brand3: 0x8000_0004,
};

/** What the processor answers, and which registers the system saves for a program, as bits. A
 * processor that knows no answer gives any. */
export type Answers = Record<keyof typeof QUESTIONS, Answer> & { saved: number };

/** The bit of `version.c` that says that `xgetbv` exists. */
export const XGETBV = 1 << 27;

/**
 * Asks the processor.
 *
 * @throws {Error} if that is not allowed
 */
export function askProcessor(): Answers {
  const questions = Object.entries(QUESTIONS);
  const words = new BigUint64Array(4 * questions.length + 1);
  using code = makeExecutable(questionnaire(Object.values(QUESTIONS)));
  const place = Deno.UnsafePointer.value(Deno.UnsafePointer.of(words));
  openCall()(code.address, place);
  const number = (i: number) => Number(words[i]!);
  const answers = questions.map(([name], i) => {
    const [a, b, c, d] = [0, 1, 2, 3].map((j) => number(4 * i + j));
    return [name, { a, b, c, d }];
  });
  return { ...Object.fromEntries(answers), saved: number(words.length - 1) };
}

/** Code that asks question after question, and puts each word of the answers into 64 bits. */
function questionnaire(questions: readonly number[]): Uint8Array {
  return procedure("avx2", ({ mov, cpuid, and, je, xgetbv, bind, label }) => {
    questions.forEach((question, i) => {
      mov(RAX, question);
      mov(RCX, 0);
      cpuid();
      [RAX, RBX, RCX, RDX].forEach((word, j) => mov(at(RDI, 8 * (4 * i + j)), word));
      if (question === QUESTIONS.version) mov(R8, RCX);
    });
    const end = label();
    and(R8, XGETBV);
    je(end);
    mov(RCX, 0);
    xgetbv();
    mov(at(RDI, 8 * 4 * questions.length), RAX);
    bind(end);
  });
}
