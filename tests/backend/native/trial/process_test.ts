import assert from "node:assert/strict";
import { tryInProcess } from "dlm/backend/native/trial/process.ts";
import { canRun, hasVectors } from "../_ffi.ts";

// This starts processes, so it runs under `deno test -A` only.
const ignore = Deno.permissions.querySync({ name: "run" }).state !== "granted";

const asProgram = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

Deno.test("tryInProcess() answers what the program prints", { ignore }, async () => {
  const program = asProgram(`console.log(JSON.stringify({ works: true, speed: +Deno.args[0] }))`);
  assert.deepEqual(await tryInProcess(program, ["2"]), { works: true, speed: 2 });
});

Deno.test(
  "tryInProcess() tries the product in machine code",
  { ignore: ignore || !hasVectors },
  async () => {
    const program = new URL("../../../../lib/backend/native/trial/program.ts", import.meta.url);
    const outcome = await tryInProcess(program, ["avx2"]);
    assert(outcome.works, JSON.stringify(outcome));
    assert(outcome.speed > 0);
  },
);

Deno.test("a fault in machine code ends the process it is in, and gives a reason here", {
  ignore: ignore || !canRun,
}, async () => {
  const outcome = await tryInProcess(new URL("./_fault.ts", import.meta.url), []);
  const death = Deno.build.os === "windows" ? /ended with code/ : /ended with signal SIGSEGV\./;
  assert.match(JSON.stringify(outcome), death);
});

Deno.test("tryInProcess() ends a program that does not end", { ignore }, async () => {
  const outcome = await tryInProcess(asProgram("for (;;);"), [], { limit: 500 });
  assert.deepEqual(outcome, {
    works: false,
    reason: "The self-test in a process of its own did not end within 0.5 s.",
  });
});

Deno.test("tryInProcess() throws if the program does not start", { ignore }, async () => {
  const message = /did not start/;
  await assert.rejects(tryInProcess(new URL("./none.ts", import.meta.url), []), { message });
});
