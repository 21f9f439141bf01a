/** Stops each cell of a notebook that takes long, as impatient readers do. */
import {
  type Kernel,
  KernelError,
  type KernelOptions,
  startKernel,
} from "dlm/jupyter/kernel/kernel.ts";
import { codeCell, codeCells, type ErrorOutput, type Notebook } from "dlm/jupyter/notebook.ts";
import { quickSource } from "dlm/jupyter/quick.ts";
import { type CellEvent, runCell, type RunOptions } from "dlm/jupyter/runner.ts";

/** What became of a cell: it had finished, it finished all the same, or it stopped and said so. */
export type StopOutcome = "short" | "finished" | "stopped";

/** What happens to a cell; of one that finishes, also how long after the Stop. */
export type StopEvent = CellEvent & { outcome?: StopOutcome; afterwards?: number };

/** How long a cell runs undisturbed, and then until it is stopped once more; in milliseconds. */
const PATIENCE = 1200;

/** Milliseconds that a cell may take to its end once it was stopped … */
const GRACE = 5000;

/** … and after which nobody waits for it any longer. */
const LIMIT = 60_000;

/**
 * Runs each code cell of `notebook` in one kernel, and stops it twice if it takes longer than a
 * moment. A cell fails if the kernel dies of that or computes no more, if the cell goes on for
 * more than some seconds, or if it ends in any error but the sentence that it was stopped.
 * Every cell gets its turn, after a death in another kernel. The notebook gets no outputs.
 *
 * @throws KernelError if a kernel does not start
 */
export async function* stopNotebook(
  notebook: Notebook,
  { name, directory, environment, quick = false }: Omit<RunOptions, "alone" | "timeoutMs">,
): AsyncGenerator<StopEvent> {
  let kernel = await startWithLibrary({ directory, environment });
  try {
    for (const [i, cell] of codeCells(notebook).entries()) {
      const event = { name, number: i + 1, cell };
      yield { ...event, type: "started" };
      const began = performance.now();
      const { error, ...rest } = await stopCell(kernel, quick ? quickSource(cell) : cell.source);
      const seconds = (performance.now() - began) / 1000;
      if (error?.ename === KernelError.name) {
        await kernel[Symbol.asyncDispose]();
        kernel = await startWithLibrary({ directory, environment });
      }
      yield error
        ? { ...event, type: "failed", seconds, error }
        : { ...event, type: "finished", seconds, ...rest };
    }
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

/** A row of the table of cells that were stopped. */
export function describeStop({ name, number, cell, outcome, afterwards }: StopEvent): string {
  const place = `${name} ${`${number}`.padStart(2)} ${cell.id}`.padEnd(40);
  return `${place} ${outcome} ${afterwards!.toFixed(1)} s after the first Stop`;
}

/** A kernel that has imported the library: until then, SIGINT ends every Deno kernel. */
async function startWithLibrary(options: KernelOptions): Promise<Kernel> {
  const kernel = await startKernel(options);
  await kernel.execute(`await import("dlm")`);
  return kernel;
}

interface Stopped {
  outcome: StopOutcome;
  /** Seconds from the first Stop to the end. */
  afterwards?: number;
  error?: ErrorOutput;
}

async function stopCell(kernel: Kernel, source: string): Promise<Stopped> {
  let stops = 0;
  const clock = setInterval(() => ++stops <= 2 && kernel.interrupt(), PATIENCE);
  const began = performance.now();
  const error = await runCell(codeCell("", source), kernel, { timeoutMs: LIMIT });
  clearInterval(clock);
  const afterwards = performance.now() - began - PATIENCE;
  const isStop = error?.ename === "Interrupted";
  if (error && !isStop) return { outcome: "finished", error };
  if (stops === 0) return { outcome: "short" };
  if (afterwards > GRACE) {
    return { outcome: "finished", error: failure(`ended ${afterwards} ms after it was stopped`) };
  }
  const living = await runCell(codeCell("", "1 + 1"), kernel, { timeoutMs: LIMIT });
  if (living) return { outcome: "finished", error: living };
  return { outcome: isStop ? "stopped" : "finished", afterwards: afterwards / 1000 };
}

function failure(evalue: string): ErrorOutput {
  return { output_type: "error", ename: "Stop", evalue, traceback: [] };
}
