import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { canRun } from "../backend/native/_ffi.ts";
import { inFolder } from "../_support.ts";

// This starts processes and writes files, so it runs under `deno test -A` only.
const ignore = !canRun || (await Deno.permissions.query({ name: "run" })).state !== "granted";

const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Saves a checkpoint over and over, and after some milliseconds runs code that faults. */
const program = `
  import { fault } from ${url("../backend/native/trial/_fault.ts")};
  import { unfinished } from ${url("./_checkpoints.ts")};
  import { saveCheckpoint } from "dlm/training/checkpoint.ts";

  const { path, milliseconds } = JSON.parse(Deno.env.get("RUN"));
  for (let i = 0; i < 2; i++) await saveCheckpoint(path, unfinished); // it, and its predecessor
  setTimeout(fault, milliseconds);
  for (let step = 41;; step++) {
    const done = { step, seconds: 1 };
    await saveCheckpoint(path, { ...unfinished, training: { ...unfinished.training, done } });
  }
`;

Deno.test("a fault in machine code in the middle of a save leaves whole checkpoints", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    for (let n = 0; n < 12; n++) {
      const path = `${folder}/checkpoint.safetensors`;
      const { success, signal } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", program],
        cwd: fileURLToPath(new URL("../../", import.meta.url)),
        env: { RUN: JSON.stringify({ path, milliseconds: 1 + 2.9 * n }), DLM_KERNELS: "wasm" },
        stderr: "null",
      }).output();
      assert(!success, "it did not fault");
      if (Deno.build.os !== "windows") assert.equal(signal, "SIGSEGV");
      for (const name of ["checkpoint", "checkpoint.previous"]) {
        const { training } = await loadCheckpoint(`${folder}/${name}.safetensors`);
        assert(training!.done.step >= 40);
      }
    }
  });
});
