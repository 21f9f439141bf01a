/** Runs a notebook on a real kernel and tells of every cell. */
import { type Kernel, KernelError, startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { type CodeCell, codeCells, type ErrorOutput, type Notebook } from "dlm/jupyter/notebook.ts";
import { checksOf, quickSource } from "dlm/jupyter/quick.ts";
import { syntaxFault } from "dlm/jupyter/syntax.ts";

export interface RunOptions {
  /** What messages call the notebook. */
  name: string;
  /** The kernel's working directory: the folder of the notebook. */
  directory: string;
  /** Environment variables for the kernel on top of this process's own. */
  environment?: Record<string, string>;
  /** Every code cell in a fresh kernel, none of which sees another's work. Default: false. */
  alone?: boolean;
  /** Whether cells run with the values for a quick run, if they have some. Default: false. */
  quick?: boolean;
  /** The longest that one cell may run, in milliseconds. Default: no limit. */
  timeoutMs?: number;
}

/** What happens to a code cell; `number` counts code cells from 1. */
export type CellEvent =
  & { name: string; number: number; cell: CodeCell }
  & (
    | { type: "started" }
    | { type: "finished"; seconds: number }
    | { type: "failed"; seconds: number; error: ErrorOutput }
  );

/**
 * Runs the code cells of `notebook` in order and puts their outputs in the place of earlier ones.
 * In one kernel the run ends at the first cell that fails; alone, every cell gets its turn.
 *
 * @throws KernelError if a kernel does not start
 */
export async function* runNotebook(
  notebook: Notebook,
  { name, directory, environment, alone = false, quick = false, timeoutMs }: RunOptions,
): AsyncGenerator<CellEvent> {
  const cells = codeCells(notebook);
  for (const cell of cells) {
    cell.outputs = [];
    cell.execution_count = null;
  }
  const start = () => startKernel({ directory, environment });
  await using shared = alone ? undefined : await start();
  for (const [i, cell] of cells.entries()) {
    const event = { name, number: i + 1, cell };
    yield { ...event, type: "started" };
    const began = performance.now();
    await using fresh = shared ? undefined : await start();
    const source = quick ? quickSource(cell) : cell.source;
    const error = await runCell(cell, (shared ?? fresh)!, { source, timeoutMs }) ??
      await checkCell(cell, (shared ?? fresh)!);
    const seconds = (performance.now() - began) / 1000;
    if (error === undefined) yield { ...event, type: "finished", seconds };
    else {
      yield { ...event, type: "failed", seconds, error };
      if (!alone) return;
    }
  }
}

/** The error of a failed cell in words: notebook, cell and reason, then where. */
export function describeFailure(event: CellEvent & { type: "failed" }): string {
  const { name, number, cell, error } = event;
  const place = `${name}, code cell ${number} (${firstLine(cell)})`;
  const reason = `${error.ename}: ${error.evalue}`;
  // The kernel repeats the reason as the first line of the traceback.
  const where = error.traceback.filter((line) => line !== "" && line !== reason);
  return [`${place} failed.`, reason, ...where].join("\n    ");
}

/** The first line of a cell that is code rather than comment, to recognise it by. */
export function firstLine({ source }: CodeCell): string {
  const lines = source.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && !line.startsWith("//")) ?? lines[0]!;
}

/**
 * Runs a cell, or what stands in for its source, and puts its outputs in the place of earlier ones;
 * returns its error, if any.
 */
export async function runCell(
  cell: CodeCell,
  kernel: Kernel,
  { source = cell.source, timeoutMs }: { source?: string; timeoutMs?: number } = {},
): Promise<ErrorOutput | undefined> {
  try {
    const { outputs, executionCount } = await kernel.execute(source, { timeoutMs });
    cell.outputs = outputs;
    cell.execution_count = executionCount;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const { name, message, outputs } = error;
    const end = { output_type: "error" as const, ename: name, evalue: message, traceback: [] };
    cell.outputs = [...outputs, end];
  }
  const error = cell.outputs.find((output) => output.output_type === "error");
  if (error?.traceback.length === 0) await sayWhere(error, source);
  return error;
}

/** Holds a cell that has run to what must be true of it; returns what is not, if anything. */
async function checkCell(cell: CodeCell, kernel: Kernel): Promise<ErrorOutput | undefined> {
  for (const check of checksOf(cell)) {
    const { outputs } = await kernel.execute(
      `if (!(${check})) throw new Error(${JSON.stringify(`it is not true that ${check}`)});`,
      { silent: true },
    );
    const error = outputs.find((output) => output.output_type === "error");
    if (error) return error;
  }
}

/** Adds to an error without a place where the cell cannot be parsed, if that is the reason. */
async function sayWhere(error: ErrorOutput, source: string): Promise<void> {
  const fault = await syntaxFault(source);
  if (fault) error.evalue = `line ${fault.line}, column ${fault.column}: ${fault.message}`;
}
