/** Runs each cell of a notebook many times, as readers do who try other values. */
import { stripVTControlCharacters } from "node:util";
import { type Kernel, KernelError, startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { codeCell, codeCells, type ErrorOutput, type Notebook } from "dlm/jupyter/notebook.ts";
import { type CellEvent, runCell, type RunOptions } from "dlm/jupyter/runner.ts";
import { quickSource } from "dlm/jupyter/quick.ts";
import { variants } from "dlm/jupyter/_variants.ts";

export interface RepeatOptions extends Omit<RunOptions, "alone"> {
  /** How often each cell is run, at least twice. */
  times: number;
}

/** Seconds from which on a cell is long. */
const LONG = 1.2;

/** What happens to a cell; at the end of a long one, how much memory its kernel held on the way. */
export type RepeatEvent = CellEvent & { megabytes?: readonly number[] };

/**
 * Runs each code cell of `notebook` several times in one kernel, with the values that its comments
 * suggest in turn. A cell fails if it cannot be run again, or if it leaves more tensors behind
 * whenever it is run; every cell gets its turn, as long as the kernel lives.
 *
 * A RangeError that answers a suggested value is taken for an answer. Of other memory than tensors
 * it only tells, since what is not collected yet comes and goes. The notebook does not get the
 * outputs.
 *
 * @throws KernelError if the kernel does not start
 */
export async function* repeatNotebook(
  notebook: Notebook,
  { name, directory, environment, quick = false, timeoutMs, times }: RepeatOptions,
): AsyncGenerator<RepeatEvent> {
  await using kernel = await startKernel({ directory, environment });
  for (const [i, cell] of codeCells(notebook).entries()) {
    const event = { name, number: i + 1, cell };
    yield { ...event, type: "started" };
    const began = performance.now();
    const sources = variants(cell.source)
      .map((source) => quick ? quickSource({ ...cell, source }) : source);
    const { error, megabytes } = await repeatCell(kernel, sources, { times, timeoutMs });
    const seconds = (performance.now() - began) / 1000;
    yield error
      ? { ...event, type: "failed", seconds, error }
      : { ...event, type: "finished", seconds, ...(seconds > LONG * times && { megabytes }) };
    if (error?.ename === KernelError.name) return;
  }
}

/** A row of the table of cells that were repeated. */
export function describeRepeat({ name, number, cell, megabytes = [] }: RepeatEvent): string {
  const place = `${name} ${`${number}`.padStart(2)} ${cell.id}`.padEnd(40);
  const some = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const run = Math.round(share * (megabytes.length - 1));
    return `${megabytes[run]!.toFixed(0)} MB after ${run + 1}`;
  });
  return `${place} ${some.join(", ")}`;
}

async function repeatCell(
  kernel: Kernel,
  variants: readonly string[],
  { times, timeoutMs }: Pick<RepeatOptions, "times" | "timeoutMs">,
): Promise<{ error?: ErrorOutput; megabytes: number[] }> {
  // Each variant is run once, after which caches are full, and then at least once more.
  const sources = [...new Set(variants)].slice(0, Math.floor(times / 2));
  const counts: number[] = [];
  const megabytes: number[] = [];
  for (let run = 0; run < times; run++) {
    const variant = run % sources.length;
    const error = await runCell(codeCell("", sources[variant]!), kernel, { timeoutMs });
    const isAnswer = variant > 0 && error?.ename === "RangeError";
    if (error && !isAnswer) {
      return { error: { ...error, evalue: `${error.evalue} (in run ${run + 1})` }, megabytes };
    }
    counts.push(await ask(kernel, TENSORS));
    megabytes.push(await ask(kernel, MEGABYTES));
  }
  const [first, last] = [counts[sources.length - 1]!, counts.at(-1)!];
  if (last <= first) return { megabytes };
  const evalue = `after ${sources.length} runs there were ${first} tensors, after ${times} ${last}`;
  return { error: { output_type: "error", ename: "Leak", evalue, traceback: [] }, megabytes };
}

/** How many tensors the kernel holds … */
const TENSORS = `(await import("dlm/backend/backend.ts")).tf.memory().numTensors`;

/** … and how much memory, its Workers' included. */
const MEGABYTES = `Deno.memoryUsage().rss / 2 ** 20`;

/** A number that the kernel knows. */
async function ask(kernel: Kernel, what: string): Promise<number> {
  const probe = codeCell("", what);
  const error = await runCell(probe, kernel);
  if (error) throw new KernelError(`The memory cannot be looked at: ${error.evalue}`);
  const [output] = probe.outputs;
  if (output?.output_type !== "execute_result") throw new KernelError("The memory was not told.");
  return Number(stripVTControlCharacters(String(output.data["text/plain"])));
}
