import { openCall } from "dlm/backend/native/machine/call.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { detectProcessor } from "dlm/backend/native/processor.ts";

/** Whether code of ours can run: on x86-64, under `deno test -A`. */
export const canRun = Deno.build.arch === "x86_64" &&
  Deno.permissions.querySync({ name: "ffi" }).state === "granted";

/** Whether it may use vectors. */
export const hasVectors: boolean = !!detectProcessor().processor?.vectors.length;

/** Runs code on an array. */
export function runOn(code: Uint8Array, array: BigUint64Array | Float32Array): void {
  using executable = makeExecutable(code);
  openCall()(executable.address, addressOf(array));
}

/** Where an array is, as long as it is not moved, which Deno does to none. */
export function addressOf(array: BigUint64Array | Float32Array): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(array as Float32Array<ArrayBuffer>));
}
