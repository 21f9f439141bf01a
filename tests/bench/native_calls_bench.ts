import { openCall } from "dlm/backend/native/machine/call.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { procedure } from "dlm/backend/native/machine/procedure.ts";
import { detectProcessor } from "dlm/backend/native/processor.ts";

// What it costs to call code of ours that does nothing: `deno bench -A` with this file. A round
// is a thousand calls, so that microseconds are nanoseconds for one.
if (!detectProcessor().processor) Deno.exit();

const ROUND = 1000;
const call = openCall();
const codes = Array.from({ length: 4 }, () => makeExecutable(procedure("avx2", () => {})).address);
const code = codes[0]!;
const array = new Float32Array(16);
const pointer = Deno.UnsafePointer.of(array)!;
const address = Deno.UnsafePointer.value(pointer);

Deno.bench("one procedure", () => {
  for (let i = 0; i < ROUND; i++) call(code, address);
});

Deno.bench("four procedures in turn", () => {
  for (let i = 0; i < ROUND; i++) call(codes[i & 3]!, address);
});

Deno.bench("an address computed for every call", () => {
  for (let i = 0; i < ROUND; i++) call(code, address + BigInt(i));
});

Deno.bench("through a function pointer of Deno", () => {
  for (let i = 0; i < ROUND; i++) direct.call(pointer);
});
const direct = new Deno.UnsafeFnPointer(Deno.UnsafePointer.create(code)!, {
  parameters: ["pointer"],
  result: "void",
});

const number = Number(address);
// The last, since V8 then takes the slow way to the others as well.
Deno.bench("with numbers instead of bigints", () => {
  const slow = call as unknown as (code: number, argument: number) => void;
  for (let i = 0; i < ROUND; i++) slow(Number(code), number);
});
