import assert from "node:assert/strict";
import { detectProcessor, readAnswers } from "dlm/backend/native/processor.ts";
import { canRun } from "./_ffi.ts";

const mayRead = Deno.permissions.querySync({ name: "read" }).state === "granted";
const info = canRun && mayRead && Deno.build.os === "linux"
  ? Deno.readTextFileSync("/proc/cpuinfo")
  : undefined;

Deno.test("the processor says of itself what the system says of it", { ignore: !info }, () => {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(info!)![1]!.trim();
  const flags = new Set(field("flags").split(" "));
  const has = (...names: string[]) => names.every((name) => flags.has(name));
  const avx2 = has("avx", "avx2", "fma");
  const avx512 = avx2 && has("avx512f", "avx512dq", "avx512bw", "avx512vl");
  const { processor, reason } = detectProcessor();
  assert.equal(reason, undefined);
  assert.deepEqual(processor, {
    vendor: field("vendor_id"),
    brand: field("model name"),
    family: Number(field("cpu family")),
    model: Number(field("model")),
    vectors: [...(avx2 ? ["avx2"] : []), ...(avx512 ? ["avx512"] : [])],
  });
  assert.equal(detectProcessor().processor, processor); // it is asked once
});

Deno.test("where code of ours cannot run, there is a reason", { ignore: canRun }, () => {
  const { processor, reason } = detectProcessor();
  assert.equal(processor, undefined);
  assert.match(reason!, Deno.build.arch === "x86_64" ? /no permission/ : /processor is of/);
});

/** What a processor with AVX-512 answers, an Intel Xeon of the generation Skylake. */
function answers() {
  const words = (a: number, b: number, c: number, d: number) => ({ a, b, c, d });
  return {
    vendor: words(22, 0x756e6547, 0x6c65746e, 0x49656e69),
    version: words(0x50654, 0, 0x7ffefbff, 0),
    features: words(0, 0xd39ffffb, 0, 0),
    extensions: words(0x80000008, 0, 0, 0),
    brand1: words(0x65746e49, 0x2952286c, 0x6f655820, 0x2952286e),
    brand2: words(0, 0, 0, 0),
    brand3: words(0, 0, 0, 0),
    saved: 0xe7,
  };
}

Deno.test("readAnswers() makes sense of the bits", () => {
  assert.deepEqual(readAnswers(answers()), {
    vendor: "GenuineIntel",
    brand: "Intel(R) Xeon(R)",
    family: 6,
    model: 85,
    vectors: ["avx2", "avx512"],
  });
  const zen4 = { ...answers().version, a: 0xa10f11 };
  const { family, model } = readAnswers({ ...answers(), version: zen4 });
  assert.deepEqual([family, model], [25, 17]);
});

Deno.test("vectors are used only if the processor has them and the system saves them", () => {
  const vectors = (change: (given: ReturnType<typeof answers>) => void) => {
    const given = answers();
    change(given);
    return readAnswers(given).vectors.join();
  };
  const without = (bit: number) => ~(1 << bit);
  assert.equal(vectors((given) => given.saved = 0x07), "avx2");
  for (const bit of [5, 6, 7]) {
    assert.equal(vectors((given) => given.saved &= without(bit)), "avx2");
  }
  for (const bit of [1, 2]) assert.equal(vectors((given) => given.saved &= without(bit)), "");
  for (const bit of [16, 17, 30, 31]) { // AVX512F, DQ, BW, VL
    assert.equal(vectors((given) => given.features.b &= without(bit)), "avx2");
  }
  assert.equal(vectors((given) => given.features.b &= without(5)), ""); // AVX2
  for (const bit of [12, 27, 28]) { // FMA, XGETBV, AVX
    assert.equal(vectors((given) => given.version.c &= without(bit)), "");
  }
  assert.equal(vectors((given) => given.vendor.a = 6), ""); // which has no answer 7
});
