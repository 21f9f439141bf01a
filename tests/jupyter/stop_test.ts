import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { codeCell } from "dlm/jupyter/notebook.ts";
import { type StopEvent, stopNotebook } from "dlm/jupyter/stop.ts";
import { createNotebook } from "./_notebooks.ts";

// This starts kernels, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const directory = fileURLToPath(new URL("../../", import.meta.url));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test(
  "a kernel that has the library outlives every Stop, and stops what runs",
  { ignore },
  async () => {
    await using kernel = await startKernel({ directory });
    await kernel.execute(`import { listenForInterrupt } from "dlm/backend/interrupt.ts";`);
    for (let stop = 0; stop < 2; stop++) {
      await kernel.interrupt(); // it is idle
      await pause(100);
    }
    const cell = kernel.execute(`
    using loop = listenForInterrupt();
    for (let step = 1;; step++) await loop.check("after some steps");
  `);
    await pause(300);
    await kernel.interrupt();
    await kernel.interrupt();
    const { outputs } = await cell;
    assert.deepEqual(outputs, [{
      output_type: "error",
      ename: "Interrupted",
      evalue: "Stopped after some steps.",
      traceback: ["Interrupted: Stopped after some steps."],
    }]);
    const after = await kernel.execute(`
    using loop = listenForInterrupt();
    await loop.check("in vain");
    1 + 1`);
    assert.equal(after.outputs[0]?.output_type, "execute_result");
  },
);

Deno.test("stopNotebook() tells what becomes of cells that are stopped", { ignore }, async () => {
  const loop = (end: string) =>
    `{
    const { listenForInterrupt } = await import("dlm/backend/interrupt.ts");
    using loop = listenForInterrupt();
    while (true) ${end};
  }`;
  const sources = {
    short: "1",
    unheard: "await new Promise((resolve) => setTimeout(resolve, 2000));",
    dead: "setTimeout(() => Deno.exit(130)); await new Promise(() => setTimeout(() => {}, 9000));",
    stopped: loop(`await loop.check("after a while")`),
    finished: loop(`if (await loop.breathe(), loop.requested) break`),
    wrong: loop(`if (await loop.breathe(), loop.requested) throw new Error("no number")`),
  };
  const notebook = createNotebook(
    Object.entries(sources).map(([id, source]) => codeCell(id, source)),
  );
  const ends: string[] = [];
  const events: AsyncIterable<StopEvent> = stopNotebook(notebook, { name: "stops", directory });
  for await (const event of events) {
    if (event.type === "finished") ends.push(`${event.cell.id} ${event.outcome}`);
    if (event.type === "failed") ends.push(`${event.cell.id} ${event.error.ename}`);
  }
  assert.deepEqual(ends, [
    "short short",
    "unheard finished",
    "dead KernelError",
    "stopped stopped",
    "finished finished",
    "wrong Error",
  ]);
});
