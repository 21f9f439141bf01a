import {
  type Assembler,
  at,
  createAssembler,
  type General,
  R12,
  R13,
  R14,
  R15,
  RBP,
  RBX,
  RCX,
  RDI,
  RSI,
  RSP,
  type Vector,
  vector,
  type VectorSet,
} from "./assembler.ts";

/** What a caller and who is called agree on. */
interface Convention {
  /** Where the first argument comes. */
  argument: General;
  /** The registers that the caller finds again as they were, */
  general: readonly General[];
  /** and of these the lowest 16 bytes. */
  vectors: readonly Vector[];
}

/**
 * The conventions of Linux and macOS, and of Windows.
 *
 * @see https://gitlab.com/x86-psABIs/x86-64-ABI
 * @see https://learn.microsoft.com/en-us/cpp/build/x64-calling-convention
 */
const CONVENTIONS = {
  systemV: { argument: RDI, general: [RBX, RBP, R12, R13, R14, R15], vectors: [] },
  windows: {
    argument: RCX,
    general: [RBX, RBP, RDI, RSI, R12, R13, R14, R15],
    vectors: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(vector),
  },
} satisfies Record<string, Convention>;

/** How code is called. */
export type ConventionName = keyof typeof CONVENTIONS;

/** How the system calls code on which this runs. */
function conventionHere(): ConventionName {
  return Deno.build.os === "windows" ? "windows" : "systemV";
}

/**
 * The code of a procedure that can be called from outside with one argument. Its body finds the
 * argument in `RDI` and may use any register but `RSP`, on all systems; those that the caller
 * wants to find again are saved before it and restored after. The body ends at its end: it has no
 * `ret`, but may jump to a label that it binds last, and leaves the stack as it was.
 *
 * @param body writes the procedure, twice alike: once to see which registers it uses
 * @example
 * ```ts
 * import { at, RDI, vector } from "dlm/backend/native/machine/assembler.ts";
 * import { procedure } from "dlm/backend/native/machine/procedure.ts";
 *
 * const code = procedure("avx2", ({ vmovups, vaddps }) => {
 *   const x = vector(0);
 *   vmovups(x, at(RDI));
 *   vaddps(x, x, x);
 *   vmovups(at(RDI), x);
 * });
 * ```
 */
export function procedure(
  vectors: VectorSet,
  body: (assembler: Assembler) => void,
  convention: ConventionName = conventionHere(),
): Uint8Array<ArrayBuffer> {
  const { argument, ...kept }: Convention = CONVENTIONS[convention];
  const draft = createAssembler(vectors);
  if (argument !== RDI) draft.mov(RDI, argument); // which uses RDI, even if the body does not
  body(draft);
  const general = kept.general.filter((register) => draft.used.has(register));
  const saved = kept.vectors.filter((register) => draft.used.has(register));

  const assembler = createAssembler(vectors);
  const { push, pop, add, sub, mov, vmovups, vzeroupper, ret, finish } = assembler;
  const half = { width: 16 } as const;
  const place = (i: number) => at(RSP, 16 * i);
  general.forEach((register) => push(register));
  if (saved.length) sub(RSP, 16 * saved.length);
  saved.forEach((register, i) => vmovups(place(i), register, half));
  if (argument !== RDI) mov(RDI, argument);
  body(assembler);
  saved.forEach((register, i) => vmovups(register, place(i), half));
  if (saved.length) add(RSP, 16 * saved.length);
  general.toReversed().forEach((register) => pop(register));
  // Else whatever runs next in old instructions of 16 bytes is slow; but code that asks whether
  // there are vectors must run without them.
  if ([...draft.used].some(({ kind }) => kind === "vector")) vzeroupper();
  ret();
  return finish();
}
