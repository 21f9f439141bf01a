import { at, RAX } from "dlm/backend/native/machine/assembler.ts";
import { openCall } from "dlm/backend/native/machine/call.ts";
import { makeExecutable } from "dlm/backend/native/machine/executable.ts";
import { procedure } from "dlm/backend/native/machine/procedure.ts";

/** Machine code with the commonest fault: it reads at address 0. Nothing comes after. */
export function fault(): void {
  const code = procedure("avx2", ({ mov }) => {
    mov(RAX, 0);
    mov(RAX, at(RAX));
  });
  openCall()(makeExecutable(code).address, 0n);
}

if (import.meta.main) fault();
