import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type Kernel, KernelError, startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { codeCell, codeCells, type Output } from "dlm/jupyter/notebook.ts";
import { repeatNotebook } from "dlm/jupyter/repeat.ts";
import { runNotebook } from "dlm/jupyter/runner.ts";
import { createNotebook } from "../_notebooks.ts";

// This starts kernels, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const directory = fileURLToPath(new URL("../../", import.meta.url));

function testKernel(name: string, run: (kernel: Kernel) => Promise<void>): void {
  Deno.test(name, { ignore }, async () => {
    await using kernel = await startKernel({
      directory,
      environment: { SUBJECT: "masked diffusion" },
    });
    await run(kernel);
  });
}

/** Outputs in short: what they are, and their text without colours. */
function short(outputs: Output[]): string[] {
  return outputs.map((output) => {
    if (output.output_type === "stream") return `${output.name} ${output.text.trim()}`;
    if (output.output_type === "error") return `${output.ename} ${output.evalue}`;
    return `${output.output_type} ${stripVTControlCharacters(String(output.data["text/plain"]))}`;
  });
}

/** Code that shows a text under a display id. */
function display(text: string, id: string, update = false): string {
  const value = `{ [Symbol.for("Jupyter.display")]: () => ({ "text/plain": "${text}" }) }`;
  return `await Deno.jupyter.display(${value}, { display_id: "${id}", update: ${update} });`;
}

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

testKernel("execute() gives prints, displays and the result in order", async (kernel) => {
  const code = `console.log("a"); console.error("b"); ${
    display("c", "one")
  } console.log("d"); 1 + 1`;
  const { outputs, executionCount } = await kernel.execute(code);
  assert.deepEqual(short(outputs), [
    "stdout a",
    "stderr b",
    "display_data c",
    "stdout d",
    "execute_result 2",
  ]);
  assert.equal(executionCount, 1);
});

testKernel(
  "execute() runs in the notebook's folder with the environment it was given",
  async (kernel) => {
    const { outputs } = await kernel.execute(`console.log(Deno.cwd(), Deno.env.get("SUBJECT"))`);
    assert.deepEqual(short(outputs), [`stdout ${await Deno.realPath(directory)} masked diffusion`]);
  },
);

testKernel(
  "execute() updates a display in place, many times and from a later cell",
  async (kernel) => {
    const loop = `for (let i = 0; i < 200; i++) { ${
      display("${i}", "panel", true).replaceAll('"${i}"', "String(i)")
    } }`;
    const first = await kernel.execute(`${display("start", "panel")} ${loop} console.log("end")`);
    assert.deepEqual(short(first.outputs), ["display_data 199", "stdout end"]);
    const second = await kernel.execute(display("later", "panel", true));
    assert.deepEqual(short(second.outputs), []);
    assert.deepEqual(short(first.outputs), ["display_data later", "stdout end"]);
  },
);

testKernel(
  "execute() loses nothing of a thousand prints and the result behind them",
  async (kernel) => {
    const { outputs } = await kernel.execute(
      `for (let i = 0; i < 1000; i++) console.log(i); "result"`,
    );
    const lines = Array.from({ length: 1000 }, (_, i) => i).join("\n");
    assert.deepEqual(short(outputs), [`stdout ${lines}`, `execute_result "result"`]);
  },
);

testKernel("execute() takes an output of a megabyte", async (kernel) => {
  const { outputs } = await kernel.execute(`console.log("é".repeat(500_000))`);
  assert.ok(outputs[0]!.output_type === "stream");
  assert.equal(outputs[0]!.text, "é".repeat(500_000) + "\n");
});

testKernel(
  "execute() runs a cell twenty times over, with the result of an await",
  async (kernel) => {
    for (let i = 1; i <= 20; i++) {
      const code = `const x = ${i}; await new Promise((resolve) => setTimeout(resolve, 5)); x`;
      const { outputs, executionCount } = await kernel.execute(code);
      assert.deepEqual(short(outputs), [`execute_result ${i}`]);
      assert.equal(executionCount, i);
    }
  },
);

testKernel("execute() gives errors as outputs, and the kernel lives on", async (kernel) => {
  const thrown = await kernel.execute(`console.log("before"); throw new RangeError("too wide")`);
  assert.deepEqual(short(thrown.outputs), ["stdout before", "RangeError too wide"]);
  const { outputs: [syntax] } = await kernel.execute("const = 3");
  assert.ok(syntax?.output_type === "error");
  assert.match(syntax.evalue, /cannot be compiled/);
  assert.deepEqual(short((await kernel.execute("3")).outputs), ["execute_result 3"]);
});

for (
  const [kind, hang] of [["waits", "await new Promise(() => {});"], ["loops", "while (true);"]]
) {
  testKernel(`execute() ends a cell that ${kind} for ever`, async (kernel) => {
    await assert.rejects(
      kernel.execute(`console.log("in"); ${hang}`, { timeoutMs: 1000 }),
      (error) => {
        assert.ok(error instanceof KernelError);
        assert.match(error.message, /limit of 1 s/);
        assert.deepEqual(short(error.outputs), ["stdout in"]);
        return true;
      },
    );
    await assert.rejects(kernel.execute("1"), KernelError);
  });
}

for (const [end, code] of [["Deno.exit(3)", 3], [`Deno.kill(Deno.pid, "SIGKILL")`, 137]] as const) {
  testKernel(`execute() throws if the kernel ends by ${end}`, async (kernel) => {
    await assert.rejects(
      kernel.execute(end),
      new RegExp(`KernelError: The kernel ended with exit code ${code}`),
    );
  });
}

const ENDS = [
  ["is killed", 'await kernel.execute("while (true);");'],
  ["ends by an error", "await Deno.stdin.read(new Uint8Array(1)); throw new Error();"],
] as const;

for (const [how, last] of ENDS) {
  Deno.test(`a kernel does not outlive a client that ${how}`, { ignore }, async () => {
    const client = `
      import { startKernel } from "dlm/jupyter/kernel/kernel.ts";
      const kernel = await startKernel({ directory: "." });
      const { outputs } = await kernel.execute("console.log(Deno.pid)");
      console.log(outputs[0].text);
      ${last}`;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["eval", client],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const pid = Number((await reader.read()).value);
    assert.ok(isAlive(pid));
    if (how === "is killed") process.kill("SIGKILL");
    await process.stdin.close();
    await process.status;
    await reader.cancel();
    for (let i = 0; i < 100 && isAlive(pid); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(!isAlive(pid));
  });
}

async function run(sources: string[], alone: boolean) {
  const notebook = createNotebook(sources.map((source, i) => codeCell(`c${i}`, source)));
  const events: string[] = [];
  for await (const { type, number } of runNotebook(notebook, { name: "n", directory, alone })) {
    events.push(`${type} ${number}`);
  }
  return {
    events,
    outputs: notebook.cells.map((cell) => cell.cell_type === "code" ? short(cell.outputs) : []),
  };
}

Deno.test(
  "runNotebook() runs the cells in one kernel and ends at the first that fails",
  { ignore },
  async () => {
    const { events, outputs } = await run(["const x = 1;", "x + 1", "nothing", "3"], false);
    assert.deepEqual(events, [
      "started 1",
      "finished 1",
      "started 2",
      "finished 2",
      "started 3",
      "failed 3",
    ]);
    assert.deepEqual(outputs, [
      [],
      ["execute_result 2"],
      ["ReferenceError nothing is not defined"],
      [],
    ]);
  },
);

Deno.test("runNotebook() alone gives every cell a kernel of its own", { ignore }, async () => {
  const { events, outputs } = await run(["const x = 1;", "x + 1", "Deno.exit(1)", "3"], true);
  assert.deepEqual(
    events,
    [
      "started 1",
      "finished 1",
      "started 2",
      "failed 2",
      "started 3",
      "failed 3",
      "started 4",
      "finished 4",
    ],
  );
  assert.deepEqual(outputs[1], ["ReferenceError x is not defined"]);
  assert.deepEqual(outputs[3], ["execute_result 3"]);
});

Deno.test(
  "runNotebook() holds cells to their checks, uncounted, and quick ones to other values",
  { ignore },
  async () => {
    const cell = (id: string, checks: string[]) => ({
      ...codeCell(id, "const steps = 400;\nsteps;"),
      metadata: { quick: { steps: "40" }, checks },
    });
    const notebook = createNotebook([cell("a", ["steps > 1", "steps < 50"]), cell("b", [])]);
    const ends = async (quick: boolean) => {
      const events = runNotebook(notebook, { name: "n", directory, quick });
      return (await Array.fromAsync(events)).map((event) =>
        event.type === "failed" ? event.error.evalue : event.type
      );
    };
    assert.deepEqual(await ends(true), ["started", "finished", "started", "finished"]);
    const cells = codeCells(notebook);
    assert.deepEqual(cells.map(({ outputs }) => short(outputs)), [
      ["execute_result 40"],
      ["execute_result 40"],
    ]);
    assert.deepEqual(cells.map(({ execution_count }) => execution_count), [1, 2]);
    assert.deepEqual(await ends(false), ["started", "it is not true that steps < 50"]);
  },
);

Deno.test(
  "repeatNotebook() finds cells that leak, and those that cannot be run again",
  { ignore },
  async () => {
    const make = (body: string) => `import { tf } from "dlm/backend/backend.ts";\n${body}`;
    const sources = [
      make("const size = 2; // try 3, 4\ntf.tidy(() => { tf.zeros([size]); });"),
      make("const size = 2; // try 3\ntf.zeros([size]);"),
      make('globalThis.cache ??= tf.zeros([1]); // the first run alone\nvoid "";'),
      make("const size = 2; // try 3\nif (size === 3) tf.zeros([size]);"),
      "let x = 1; // the kernel lets this be run again, but not as a const",
      "const x = 1;",
      'const size = 2; // try 3\nif (size === 3) throw new RangeError("Three is too many.");',
      'const size = 2; // try 3\nif (size === 3) throw new TypeError("no answer");',
      "globalThis.runs = (globalThis.runs ?? 0) + 1; if (runs === 3) throw new RangeError();",
    ];
    const notebook = createNotebook(sources.map((source, i) => codeCell(`cell-${i}`, source)));
    const failures: Record<number, string> = {};
    for await (const event of repeatNotebook(notebook, { name: "a", directory, times: 6 })) {
      if (event.type === "failed") failures[event.number] = event.error.ename;
    }
    assert.deepEqual(failures, {
      2: "Leak",
      4: "Leak",
      6: "SyntaxError",
      8: "TypeError",
      9: "RangeError",
    });
  },
);
