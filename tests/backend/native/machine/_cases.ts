import {
  type General,
  K1,
  K2,
  type Mask,
  type Memory,
  R12,
  R13,
  R15,
  R8,
  R9,
  RAX,
  RBP,
  RCX,
  RDX,
  RSI,
  RSP,
  type Vector,
  vector,
  type VectorOptions,
  type VectorSet,
} from "dlm/backend/native/machine/assembler.ts";

type Operand = General | Vector | Mask | Memory | number | bigint;

/** An instruction, as a call of the assembler and in Intel's syntax. */
export interface Case {
  set: VectorSet;
  name: string;
  operands: (Operand | VectorOptions)[];
  text: string;
}

/** Every way to find something in memory, with displacements at the edges of what fits a byte,
 * counted in ones, fours, sixteens, 32s and 64s. */
const everywhere: Memory[] = [RAX, RSP, RBP, RSI, R8, R12, R13, R15].flatMap((base, i) =>
  [undefined, RAX, RBP, R12, R13].flatMap((index, j) =>
    [0, 1, 127, 128, -128, -129, 508, 512, -512, -516, 2032, 2048, 4064, 4096, 8128, 8192, -8192]
      .concat(-8256, 100_000, -(2 ** 31))
      .map((displacement, k) => {
        const scale = ([1, 2, 4, 8] as const)[(i + j + k) % 4];
        return index ? { base, index, scale, displacement } : { base, displacement };
      })
  )
);
const somewhere: Memory[] = [
  { base: RCX },
  { base: R13, displacement: 64 },
  { base: RSP, index: R12, scale: 4, displacement: 4 },
  { base: R9, index: RDX, scale: 8, displacement: 12_345 },
];
const generals = [RAX, RCX, RSP, RBP, RSI, R8, R12, R15];
const numbers = [0, 1, -1, 127, 128, -128, -129, 500, 2 ** 31 - 1, -(2 ** 31)];

const CHOICES: Record<string, readonly Operand[]> = {
  r: generals,
  m: somewhere,
  e: everywhere,
  i: numbers,
  h: [0, 1, 3], // how
  k: [K1, K2],
};

/** All cases of an instruction. `shape` has a letter for each operand: one of {@linkcode CHOICES},
 * `v` for a vector, `x` for one of 16 bytes. */
function* casesOf(
  set: VectorSet,
  name: string,
  shape: string,
  options?: VectorOptions,
): Generator<Case> {
  const width = options?.width ?? (set === "avx2" ? 32 : 64);
  const vectors = (set === "avx2" ? [0, 7, 8, 15] : [0, 7, 8, 15, 16, 31]).map(vector);
  const choices = [...shape].map((letter) => CHOICES[letter] ?? vectors);
  for (const operands of shape.includes("e") ? zip(choices) : product(choices)) {
    const isEvex = width === 64 || options?.mask ||
      operands.some((operand) =>
        typeof operand === "object" && "kind" in operand && operand.kind === "vector" &&
        operand.number > 15
      );
    const texts = operands.map((operand, i) =>
      show(operand, shape[i] === "x" ? 16 : width, shape[i]!)
    );
    if (options?.mask) texts[0] += `{k${options.mask.number}}${options.zeroing ? "{z}" : ""}`;
    const mnemonic = isEvex && IN_EVEX[name] || name;
    const given = options ? [...operands, options] : operands;
    yield { set, name, operands: given, text: `${mnemonic} ${texts.join(", ")}` };
  }
}

const IN_EVEX: Record<string, string> = {
  vxorps: "vpxord",
};

const GENERALS = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"];
const nameOf = ({ number }: General) => GENERALS[number] ?? `r${number}`;

function show(operand: Operand, width: number, letter: string): string {
  if (typeof operand !== "object") return String(operand);
  if ("base" in operand) {
    const { base, index, scale = 1, displacement = 0 } = operand;
    const product = index ? `+${nameOf(index)}*${scale}` : "";
    return `[${nameOf(base)}${product}${displacement < 0 ? "" : "+"}${displacement}]`;
  }
  if (operand.kind === "general") return letter === "d" ? dword(operand) : nameOf(operand);
  if (operand.kind === "mask") return `k${operand.number}`;
  return `${{ 16: "xmm", 32: "ymm", 64: "zmm" }[width]}${operand.number}`;
}

/** The name of a register's lower half. */
function dword(register: General): string {
  return register.number < 8 ? nameOf(register).replace("r", "e") : `${nameOf(register)}d`;
}
CHOICES.d = generals;

/** As many rows as the longest of the columns, of which the others begin anew. */
function zip<Choice>(columns: readonly (readonly Choice[])[]): Choice[][] {
  const length = Math.max(...columns.map((column) => column.length));
  return Array.from({ length }, (_, i) => columns.map((column) => column[i % column.length]!));
}

function product<Choice>(choices: readonly (readonly Choice[])[]): Choice[][] {
  return choices.reduce<Choice[][]>(
    (begun, next) => begun.flatMap((some) => next.map((choice) => [...some, choice])),
    [[]],
  );
}

const GENERAL_SHAPES: Record<string, string[]> = {
  mov: ["rr", "re", "er", "ri"],
  lea: ["re"],
  add: ["rr", "rm", "ri"],
  and: ["rr", "rm", "ri"],
  sub: ["rr", "rm", "ri"],
  dec: ["r"],
  test: ["rr"],
  push: ["r"],
  pop: ["r"],
  call: ["r"],
  ret: [""],
  cpuid: [""],
  xgetbv: [""],
};

const BINARY = ["vaddps", "vfmadd231ps", "vxorps", "vunpcklps", "vunpckhps"];

/** What both sets have. */
const SHARED_SHAPES: Record<string, string[]> = {
  ...Object.fromEntries(BINARY.map((name) => [name, ["vvv", "vvm"]])),
  vmovups: ["vv", "ve", "ev"],
  vshufps: ["vvvh", "vvmh"],
  vbroadcastss: ["vx", "ve"],
};

/** What has no choice of width or mask. */
const FIXED_SHAPES: Record<string, string[]> = {
  vzeroupper: [""],
};

const AVX2_SHAPES: Record<string, string[]> = {
  vperm2f128: ["vvvh", "vvmh"],
  vmaskmovps: ["vve", "evv"],
};

const AVX512_SHAPES: Record<string, string[]> = {
  vshuff32x4: ["vvvh", "vvmh"],
};

/** Every instruction but jumps, in every shape, with low and high registers. */
export function* allCases(): Generator<Case> {
  const all = function* (
    set: VectorSet,
    table: Record<string, string[]>,
    options?: VectorOptions,
  ): Generator<Case> {
    for (const [name, shapes] of Object.entries(table)) {
      for (const shape of shapes) yield* casesOf(set, name, shape, options);
    }
  };
  yield* all("avx2", GENERAL_SHAPES);
  for (const set of ["avx2", "avx512"] as const) {
    yield* all(set, SHARED_SHAPES);
    yield* all(set, FIXED_SHAPES);
    yield* all(set, SHARED_SHAPES, { width: 16 });
  }
  yield* all("avx2", AVX2_SHAPES);
  yield* all("avx512", AVX512_SHAPES);
  yield* all("avx512", { kmovw: ["kd"] });
  yield* all("avx512", SHARED_SHAPES, { width: 32 });
  yield* all("avx512", AVX512_SHAPES, { width: 32 });
  yield* all("avx512", { ...SHARED_SHAPES, ...AVX512_SHAPES }, { mask: K1 });
  const zeroed = { vmovups: ["vv", "vm"] }; // not in memory
  const shapes = { ...SHARED_SHAPES, ...AVX512_SHAPES, ...zeroed };
  yield* all("avx512", shapes, { mask: K2, zeroing: true });
}
