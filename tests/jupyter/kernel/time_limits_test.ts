import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Kernel, KernelError, startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { codeCell, writeNotebook } from "dlm/jupyter/notebook.ts";
import { runNotebook } from "dlm/jupyter/runner.ts";
import { createNotebook } from "../_notebooks.ts";

// This starts kernels and writes files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const directory = fileURLToPath(new URL("../../../", import.meta.url));

function testKernel(name: string, run: (kernel: Kernel) => Promise<void>): void {
  Deno.test(name, { ignore }, async () => {
    await using kernel = await startKernel({ directory });
    await run(kernel);
  });
}

/** A cell that takes so many milliseconds, or for ever. */
function wait(milliseconds?: number): string {
  const body = milliseconds === undefined
    ? "() => {}"
    : `(end) => setTimeout(end, ${milliseconds})`;
  return `await new Promise(${body}); "over"`;
}

Deno.test("startKernel() allows a minute, and no limit once the kernel answers", {
  ignore,
}, async () => {
  const { setTimeout, clearTimeout } = globalThis;
  const running = new Map<unknown, number>();
  const limits: number[] = [];
  const spies = {
    setTimeout(...args: Parameters<typeof setTimeout>) {
      const id = setTimeout(...args);
      running.set(id, args[1]!);
      limits.push(args[1]!);
      return id;
    },
    clearTimeout(id?: number) {
      clearTimeout(id);
      running.delete(id);
    },
  };
  Object.assign(globalThis, spies);
  try {
    await using _kernel = await startKernel({ directory });
    assert.equal(Math.max(...limits), 60_000);
    assert(![...running.values()].includes(60_000), "the limit still runs");
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
});

testKernel("execute() lets a cell run to its limit, and says what that was", async (kernel) => {
  const began = performance.now();
  await assert.rejects(
    kernel.execute(wait(), { timeoutMs: 1500 }),
    (error) => error instanceof KernelError && /limit of 1\.5 s/.test(error.message),
  );
  const milliseconds = performance.now() - began;
  assert(milliseconds > 1490 && milliseconds < 15_000, `it ran for ${milliseconds} ms`);
});

testKernel("execute() takes a limit for its own cell alone", async (kernel) => {
  await kernel.execute('"the first takes longer"');
  await kernel.execute('"short"', { timeoutMs: 1500 });
  assert.equal((await kernel.execute(wait(1800))).outputs.length, 1);
});

testKernel("execute() takes limits longer than a timer can be", async (kernel) => {
  for (const timeoutMs of [2 ** 31, 1e12, Infinity]) {
    assert.equal((await kernel.execute(wait(200), { timeoutMs })).outputs.length, 1);
  }
});

Deno.test("runNotebook() ends a cell at the limit", { ignore }, async () => {
  const notebook = createNotebook([codeCell("c", wait())]);
  const events = [];
  for await (
    const event of runNotebook(notebook, { name: "n", directory, timeoutMs: 500 })
  ) events.push(event);
  const last = events.at(-1)!;
  assert(last.type === "failed");
  assert.match(last.error.evalue, /limit of 0\.5 s/);
});

Deno.test("deno task notebooks takes --timeout in seconds", { ignore }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeNotebook(`${folder}/a.ipynb`, createNotebook([codeCell("c", wait())]));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      // Cells that are only repeated leave no copy of the notebook.
      args: ["run", "--no-check", "-A", "lib/cli/notebooks.ts", "--repeat", "2"]
        .concat("--timeout", "0.5", `${folder}/a.ipynb`),
      cwd: directory,
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /limit of 0\.5 s/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
