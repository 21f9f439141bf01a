import assert from "node:assert/strict";
import { createAssembler } from "dlm/backend/native/machine/assembler.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { canRun } from "../_ffi.ts";

const mayRead = Deno.permissions.querySync({ name: "read" }).state === "granted";

/** Code of so many bytes. */
function codeOf(bytes: number): Uint8Array {
  const { ret, finish } = createAssembler("avx2");
  for (let i = 0; i < bytes; i++) ret();
  return finish();
}

function read(address: bigint, bytes: number): string {
  const memory = Deno.UnsafePointer.create(address)!;
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(memory, bytes)).toHex();
}

Deno.test("code is where it is said to be", { ignore: !canRun }, () => {
  for (const bytes of [1, 4096, 4097, 100_000]) {
    using executable = makeExecutable(codeOf(bytes));
    assert.equal(read(executable.address, bytes), "c3".repeat(bytes));
  }
});

Deno.test("memory of code can be run and not be written to, and is given back", {
  ignore: !canRun || !mayRead || Deno.build.os !== "linux",
}, () => {
  const mapped = (address: bigint) =>
    // the lines go "7f1c2a000000-7f1c2a001000 r-xp …"
    Deno.readTextFileSync("/proc/self/maps").split("\n")
      .map((line) => /^(\w+)-(\w+) (....)/.exec(line)?.slice(1) ?? ["0", "0", ""])
      .find(([from, to]) => BigInt(`0x${from}`) <= address && address < BigInt(`0x${to}`))?.[2];
  const executable = makeExecutable(codeOf(10));
  assert.equal(mapped(executable.address), "r-xp");
  executable[Symbol.dispose]();
  assert.notEqual(mapped(executable.address), "r-xp");
});

Deno.test("there is no code without bytes", { ignore: !canRun }, () => {
  assert.throws(() => makeExecutable(new Uint8Array()), /gave no memory for 0 bytes/);
});
