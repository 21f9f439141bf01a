/** Runs each cell of a notebook many times, as readers do who try other values. */
import { stripVTControlCharacters } from "node:util";
import { type Kernel, KernelError, startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { codeCell, codeCells, type ErrorOutput, type Notebook } from "dlm/jupyter/notebook.ts";
import { type CellEvent, runCell, type RunOptions } from "dlm/jupyter/runner.ts";
import { variants } from "dlm/jupyter/_variants.ts";

export interface RepeatOptions extends Omit<RunOptions, "alone"> {
  /** How often each cell is run, at least twice. */
  times: number;
}

/**
 * Runs each code cell of `notebook` several times in one kernel, with the values that its comments
 * suggest in turn. A cell fails if it cannot be run again, or if it leaves more tensors behind
 * whenever it is run; every cell gets its turn, as long as the kernel lives.
 *
 * A RangeError that answers a suggested value is taken for an answer. Tensors in workers and other
 * memory are not looked at, nor does the notebook get the outputs.
 *
 * @throws KernelError if the kernel does not start
 */
export async function* repeatNotebook(
  notebook: Notebook,
  { name, directory, environment, timeoutMs, times }: RepeatOptions,
): AsyncGenerator<CellEvent> {
  await using kernel = await startKernel({ directory, environment });
  for (const [i, cell] of codeCells(notebook).entries()) {
    const event = { name, number: i + 1, cell };
    yield { ...event, type: "started" };
    const began = performance.now();
    const error = await repeatCell(kernel, cell.source, { times, timeoutMs });
    const seconds = (performance.now() - began) / 1000;
    yield error
      ? { ...event, type: "failed", seconds, error }
      : { ...event, type: "finished", seconds };
    if (error?.ename === KernelError.name) return;
  }
}

async function repeatCell(
  kernel: Kernel,
  source: string,
  { times, timeoutMs }: Pick<RepeatOptions, "times" | "timeoutMs">,
): Promise<ErrorOutput | undefined> {
  // Each variant is run once, after which caches are full, and then at least once more.
  const sources = variants(source).slice(0, Math.floor(times / 2));
  const counts: number[] = [];
  for (let run = 0; run < times; run++) {
    const variant = run % sources.length;
    const error = await runCell(codeCell("", sources[variant]!), kernel, timeoutMs);
    const isAnswer = variant > 0 && error?.ename === "RangeError";
    if (error && !isAnswer) return { ...error, evalue: `${error.evalue} (in run ${run + 1})` };
    counts.push(await countTensors(kernel));
  }
  const [first, last] = [counts[sources.length - 1]!, counts.at(-1)!];
  if (last <= first) return undefined;
  const evalue = `after ${sources.length} runs there were ${first} tensors, after ${times} ${last}`;
  return { output_type: "error", ename: "Leak", evalue, traceback: [] };
}

/** How many tensors the kernel holds. */
async function countTensors(kernel: Kernel): Promise<number> {
  const probe = codeCell("", `(await import("dlm/backend/backend.ts")).tf.memory().numTensors`);
  const error = await runCell(probe, kernel, undefined);
  if (error) throw new KernelError(`The tensors cannot be counted: ${error.evalue}`);
  const [output] = probe.outputs;
  if (output?.output_type !== "execute_result") throw new KernelError("Nothing was counted.");
  return Number(stripVTControlCharacters(String(output.data["text/plain"])));
}
