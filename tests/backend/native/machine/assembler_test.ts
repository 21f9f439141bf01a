import assert from "node:assert/strict";
import {
  type Assembler,
  at,
  createAssembler,
  K1,
  type Label,
  R12,
  R9,
  RAX,
  RBP,
  RCX,
  RDI,
  RDX,
  RSP,
  vector,
} from "dlm/backend/native/machine/assembler.ts";
import { Rng } from "dlm/rng.ts";
import { CONDITIONS } from "dlm/backend/native/machine/x86/code.ts";
import { allCases } from "./_cases.ts";
import { assembleEach, assembleProgram, hasAssembler } from "./_gnu_assembler.ts";

const ignore = !hasAssembler;

/** The bytes of what is written, as hexadecimal digits. */
function bytesOf(set: "avx2" | "avx512", write: (assembler: Assembler) => void): string {
  const assembler = createAssembler(set);
  write(assembler);
  return assembler.finish().toHex();
}

Deno.test("every instruction is written in the bytes that GNU as writes", { ignore }, async () => {
  const cases = [...allCases()];
  const expected = await assembleEach(cases.map(({ text }) => text));
  assert.equal(expected.length, cases.length);
  cases.forEach(({ set, name, operands, text }, i) => {
    const write = (assembler: Assembler) => {
      (assembler as unknown as Record<string, (...operands: unknown[]) => void>)[name]!(
        ...operands,
      );
    };
    assert.equal(bytesOf(set, write), expected[i], text);
  });
});

Deno.test("no instruction is left out of that comparison", () => {
  const compared = new Set(Array.from(allCases(), ({ name }) => name));
  const methods = Object.entries(createAssembler("avx512"))
    .filter(([, method]) => typeof method === "function")
    .map(([name]) => name);
  const others = ["label", "bind", "finish", ...CONDITIONS.map((name) => `j${name}`)];
  assert.deepEqual(methods.filter((name) => !compared.has(name)).sort(), others.sort());
});

/** Jumps of all kinds, far and near, with `gap` bytes between the two nearest. */
function jumps(seed: number): { bytes: string; program: string } {
  const rng = new Rng(seed);
  const assembler = createAssembler("avx2");
  const labels: Label[] = Array.from({ length: 60 }, assembler.label);
  const kinds = CONDITIONS.map((name) => `j${name}` as const);
  const lines: string[] = [];
  labels.forEach((label, i) => {
    assembler.bind(label);
    lines.push(`l${i}:`);
    for (let n = rng.integer(3); n > 0; n--) {
      const [kind, to] = [kinds[rng.integer(kinds.length)]!, rng.integer(labels.length)];
      assembler[kind](labels[to]!);
      lines.push(`${kind} l${to}`);
    }
    for (let n = rng.integer(12); n > 0; n--) {
      assembler.ret();
      lines.push("ret");
    }
  });
  return { bytes: assembler.finish().toHex(), program: lines.join("\n") };
}

Deno.test("jumps are as short as those of GNU as, and lead where they should", {
  ignore,
}, async () => {
  for (let seed = 0; seed < 5; seed++) {
    const { bytes, program } = jumps(seed);
    assert.equal(bytes, await assembleProgram(program));
  }
});

Deno.test("some instructions, each in the bytes that GNU as once wrote", () => {
  const [v0, v1, v2, v9, v15, v31] = [0, 1, 2, 9, 15, 31].map(vector);
  const general: [bytes: string, write: (assembler: Assembler) => void][] = [
    ["4a8b44a408", ({ mov }) => mov(RAX, { base: RSP, index: R12, scale: 4, displacement: 8 })],
    ["4c894d00", ({ mov }) => mov(at(RBP), R9)],
    ["48c7c2feffffff", ({ mov }) => mov(RDX, -2)],
    ["49b9bc9a785634120000", ({ mov }) => mov(R9, 0x123456789abcn)],
    ["4805f4010000", ({ add }) => add(RAX, 500)],
    ["488d0cc7", ({ lea }) => lea(RCX, { base: RDI, index: RAX, scale: 8 })],
  ];
  for (const [bytes, write] of general) assert.equal(bytesOf("avx2", write), bytes);
  const avx2: typeof general = [
    ["c4e26db84f40", ({ vfmadd231ps }) => vfmadd231ps(v1!, v2!, at(RDI, 64))],
    ["c4426db8cf", ({ vfmadd231ps }) => vfmadd231ps(v9!, v2!, v15!)],
    ["c57c11c9", ({ vmovups }) => vmovups(v1!, v9!)],
    ["c5fc57c0", ({ vxorps }) => vxorps(v0!, v0!, v0!)],
  ];
  for (const [bytes, write] of avx2) assert.equal(bytesOf("avx2", write), bytes);
  const avx512: typeof general = [
    ["62f26d48b84f01", ({ vfmadd231ps }) => vfmadd231ps(v1!, v2!, at(RDI, 64))],
    ["62626d48b8bf41000000", ({ vfmadd231ps }) => vfmadd231ps(v31!, v2!, at(RDI, 65))],
    ["62f17cc9100f", ({ vmovups }) => vmovups(v1!, at(RDI), { mask: K1, zeroing: true })],
    ["62f17d48efc0", ({ vxorps }) => vxorps(v0!, v0!, v0!)],
  ];
  for (const [bytes, write] of avx512) assert.equal(bytesOf("avx512", write), bytes);
  const jumping = ({ label, bind, dec, jne, je, vzeroupper, ret }: Assembler) => {
    const [again, end] = [label(), label()];
    bind(again);
    dec(RCX);
    jne(again);
    je(end);
    bind(end);
    vzeroupper();
    ret();
  };
  assert.equal(bytesOf("avx2", jumping), "48ffc975fb7400c5f877c3");
});

Deno.test("what cannot be written is refused, and nothing of it is", () => {
  const [low, high] = [vector(1), vector(16)];
  const refuses = (
    set: "avx2" | "avx512",
    write: (assembler: Assembler) => void,
    message: RegExp,
  ) => {
    const assembler = createAssembler(set);
    assert.throws(() => write(assembler), { name: "RangeError", message });
    assert.equal(assembler.finish().length, 0);
    assert.equal(assembler.used.size, 0);
  };
  const mask = { mask: K1 };
  const alone = /^\w+: AVX2 alone has this/;
  const lacking = /^\w+: AVX2 does not have/;
  refuses("avx2", ({ vaddps }) => vaddps(low, low, high), lacking);
  refuses("avx2", ({ vaddps }) => vaddps(low, low, low, mask), lacking);
  refuses("avx2", ({ vaddps }) => vaddps(low, low, low, { width: 64 }), lacking);
  refuses("avx2", ({ vshuff32x4 }) => vshuff32x4(low, low, low, 1), lacking);
  refuses("avx2", ({ kmovw }) => kmovw(K1, RAX), /^kmovw: .* no masks/);
  refuses("avx512", ({ vmaskmovps }) => vmaskmovps(low, low, at(RAX)), alone);
  refuses("avx512", ({ vperm2f128 }) => vperm2f128(low, low, low, 1), alone);
  const zeroing = { ...mask, zeroing: true };
  refuses("avx512", ({ vmovups }) => vmovups(low, low, { zeroing: true }), /zeroing needs a mask/);
  const only = /^\w+: only in vector registers lanes are zeroed/;
  refuses("avx512", ({ vmovups }) => vmovups(at(RAX), low, zeroing), only);
  const byte = /^vshufps: 256 is not a whole number from 0 to 255/;
  refuses("avx512", ({ vshufps }) => vshufps(low, low, low, 256), byte);
  refuses("avx2", ({ mov }) => mov(RAX, { base: RAX, index: RSP }), /RSP cannot be an index/);
  refuses("avx2", ({ mov }) => mov(RAX, at(RAX, 2 ** 31)), /displacement .* not 2147483648/);
  refuses("avx2", ({ mov }) => mov(RAX, 2n ** 64n), /more than the 64 bits/);
  refuses("avx2", ({ add }) => add(RAX, 2 ** 31), /not a whole number of 32 bits/);
  refuses("avx2", ({ add }) => add(RAX, 0.5), /not a whole number of 32 bits/);
  assert.throws(() => vector(32), /no vector register 32/);
});

Deno.test("a label stands in one place, once it is jumped to", () => {
  const { label, bind, je, finish } = createAssembler("avx2");
  const place = label();
  je(place);
  assert.throws(finish, { name: "RangeError", message: /label without a place/ });
  bind(place);
  assert.throws(() => bind(place), { name: "RangeError", message: /has a place already/ });
  assert.equal(finish().toHex(), "7400");
});

Deno.test("an assembler knows which registers were used, also unsaid and in memory", () => {
  const { used, cpuid, vaddps, mov } = createAssembler("avx512");
  mov(R9, { base: RBP, index: R12 });
  vaddps(vector(3), vector(4), at(RDI), { mask: K1 });
  assert.deepEqual(used, new Set([R9, RBP, R12, vector(3), vector(4), RDI]));
  cpuid();
  assert.equal(used.size, 10);
});
