import assert from "node:assert/strict";
import { chooseNative, type Ingredients, workingVectors } from "dlm/backend/native/choice.ts";
import type { Processor } from "dlm/backend/native/processor.ts";
import type { Outcome } from "dlm/backend/native/trial/process.ts";

// The circumstances are told by the sources, so that most of this runs under `deno test -A` only.
const ignore = Deno.permissions.querySync({ name: "read" }).state !== "granted";

const processor: Processor = {
  vendor: "GenuineIntel",
  brand: "a processor",
  family: 6,
  model: 1,
  vectors: ["avx2", "avx512"],
};

const right: Outcome = { works: true, speed: 2 };
const crash: Outcome = { works: false, reason: "It ended with signal SIGSEGV." };

/** Ingredients with which all goes well, and what was tried and kept. */
function prepare(changes: Partial<Ingredients> = {}, known?: Outcome) {
  const tried: string[] = [];
  const kept: Outcome[] = [];
  const ingredients: Ingredients = {
    isGranted: () => true,
    deno: "/bin/deno",
    detect: () => ({ processor }),
    verdicts: {
      place: "the cache",
      read: () => Promise.resolve(known),
      keep: (_, outcome) => Promise.resolve(void kept.push(outcome)),
      probe: () => Promise.resolve(),
    },
    tryOut: (set) => {
      tried.push(set);
      return Promise.resolve(right);
    },
    insist: false,
    ...changes,
  };
  return { ingredients, tried, kept };
}

const without = (name: string) => ({
  isGranted: (descriptor: Deno.PermissionDescriptor) => descriptor.name !== name,
});

Deno.test("chooseNative() tries the widest set once, and keeps what came of it", {
  ignore,
}, async () => {
  const { ingredients, tried, kept } = prepare();
  assert.deepEqual(await chooseNative(ingredients), {
    set: "avx512",
    reason: "Machine code passed its self-test, 2.00 times as fast as WebAssembly.",
  });
  assert.deepEqual([tried, kept], [["avx512"], [right]]);
});

Deno.test("chooseNative() tries nothing where there is a verdict", { ignore }, async () => {
  const { ingredients, tried } = prepare({}, right);
  assert.equal((await chooseNative(ingredients)).set, "avx512");
  assert.deepEqual(tried, []);
});

Deno.test("chooseNative() takes the narrower set if the wider one fails", { ignore }, async () => {
  const { ingredients, kept } = prepare({
    tryOut: (set) => Promise.resolve(set === "avx512" ? crash : right),
  });
  assert.equal((await chooseNative(ingredients)).set, "avx2");
  assert.deepEqual(kept, [crash, right]);
});

Deno.test("chooseNative() takes what is slower only where it is insisted on", {
  ignore,
}, async () => {
  const slow: Outcome = { works: true, speed: 0.5 };
  const choice = await chooseNative(prepare({}, slow).ingredients);
  assert.equal(choice.set, undefined);
  assert.match(choice.reason, /only 0\.50 times as fast/);
  const insisted = await chooseNative(prepare({ insist: true }, slow).ingredients);
  assert.equal(insisted.set, "avx512");
});

const failing = (message: string) => () => Promise.reject(new Error(message));
const { verdicts } = prepare().ingredients;

const REFUSALS: [string, Partial<Ingredients>, Outcome | undefined, RegExp][] = [
  ["no permission ffi", without("ffi"), right, /add --allow-ffi/],
  ["an unknown processor", { detect: () => ({ reason: "It is of aarch64." }) }, right, /aarch64/],
  [
    "a processor without AVX2",
    { detect: () => ({ processor: { ...processor, vectors: [] } }) },
    right,
    /no AVX2/,
  ],
  ["no permission read", without("read"), right, /add --allow-read/],
  ["a crash before", {}, crash, /SIGSEGV\. To have it tried again, delete the cache/],
  ["a crash now", { tryOut: () => Promise.resolve(crash) }, undefined, /SIGSEGV/],
  ["no permission run", without("run"), undefined, /not yet tested here.*doctor/],
  ["no permission write", without("write"), undefined, /not yet tested here.*doctor/],
  ["a compiled program", { deno: undefined }, undefined, /a compiled program cannot/],
  ["no process", { tryOut: failing("The self-test did not start: x") }, undefined, /not start: x/],
  [
    "a folder that is read only",
    { verdicts: { ...verdicts, probe: failing("Read-only file system") } },
    undefined,
    /could not be kept in the cache: Read-only/,
  ],
  [
    "a disk that is full in the end",
    { verdicts: { ...verdicts, keep: failing("No space left") } },
    undefined,
    /No space left/,
  ],
];

for (const [name, changes, known, message] of REFUSALS) {
  Deno.test(`chooseNative() refuses, with its reason: ${name}`, { ignore }, async () => {
    const { ingredients } = prepare(changes);
    const read = () => Promise.resolve(known);
    ingredients.verdicts = { ...ingredients.verdicts, read };
    const { set, reason } = await chooseNative(ingredients);
    assert.equal(set, undefined);
    assert.match(reason, message);
  });
}

Deno.test("chooseNative() starts no process if what comes of it could not be kept", {
  ignore,
}, async () => {
  for (
    const changes of [without("run"), without("write"), {
      verdicts: { ...verdicts, probe: failing("Read-only file system") },
    }]
  ) {
    const { ingredients, tried } = prepare(changes);
    await chooseNative(ingredients);
    assert.deepEqual(tried, []);
  }
});

Deno.test(
  "workingVectors() names all sets that work, the narrowest first",
  { ignore },
  async () => {
    assert.deepEqual(await workingVectors(prepare().ingredients), ["avx2", "avx512"]);
    const { ingredients } = prepare({
      tryOut: (set) => Promise.resolve(set === "avx512" ? crash : right),
    });
    assert.deepEqual(await workingVectors(ingredients), ["avx2"]);
    assert.deepEqual(await workingVectors(prepare(without("ffi")).ingredients), []);
  },
);
