import { at, RAX } from "dlm/backend/native/assembler.ts";
import { openCall } from "dlm/backend/native/call.ts";
import { makeExecutable } from "dlm/backend/native/executable.ts";
import { procedure } from "dlm/backend/native/procedure.ts";

/** Machine code with the commonest fault: it reads at address 0. Nothing comes after. */
export function fault(): void {
  const code = procedure("avx2", ({ mov }) => {
    mov(RAX, 0);
    mov(RAX, at(RAX));
  });
  openCall()(makeExecutable(code).address, 0n);
}

if (import.meta.main) fault();
