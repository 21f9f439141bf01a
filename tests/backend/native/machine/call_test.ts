import assert from "node:assert/strict";
import { at, RAX, RDI } from "dlm/backend/native/machine/assembler.ts";
import { openCall } from "dlm/backend/native/machine/call.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { procedure } from "dlm/backend/native/machine/procedure.ts";
import { addressOf, canRun } from "../_ffi.ts";

/** Adds a number to the one at its argument, and answers `result`, which should not matter. */
const adding = (number: number, result: number) =>
  procedure("avx2", ({ mov, add }) => {
    mov(RAX, at(RDI));
    add(RAX, number);
    mov(at(RDI), RAX);
    mov(RAX, result);
  });

Deno.test("a call runs the code once, on its argument, whatever it answers", {
  ignore: !canRun,
}, () => {
  const call = openCall();
  const array = new BigUint64Array(3);
  const address = addressOf(array);
  for (const result of [-1, 0, 1]) {
    using one = makeExecutable(adding(1, result));
    using thousand = makeExecutable(adding(1000, result));
    array.fill(0n);
    for (let i = 0; i < 10_000; i++) { // V8 compiles the call on the way
      call(one.address, address);
      call(thousand.address, address + 16n);
    }
    assert.deepEqual([...array], [10_000n, 0n, 10_000_000n]);
  }
});
