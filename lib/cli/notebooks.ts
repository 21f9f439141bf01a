/** `deno task notebooks`: runs the course on the real Deno kernel. */
import { positiveNumber, runCommand, wholeNumber } from "dlm/cli/_command.ts";
import { Command, Option } from "commander";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { progressBar } from "dlm/cli/_progress.ts";
import { WriteError } from "dlm/files/atomic.ts";
import { assertWritable } from "dlm/files/folders.ts";
import { notebookName, selectNotebooks } from "dlm/jupyter/course.ts";
import { KernelError } from "dlm/jupyter/kernel/kernel.ts";
import { completeMetadata } from "dlm/jupyter/metadata.ts";
import {
  codeCells,
  type Notebook,
  parseNotebook,
  readNotebookFile,
  replaceNotebook,
  writeNotebook,
} from "dlm/jupyter/notebook.ts";
import { describeRepeat, type RepeatEvent, repeatNotebook } from "dlm/jupyter/repeat.ts";
import { describeFailure, firstLine, runNotebook } from "dlm/jupyter/runner.ts";
import { describeStop, type StopEvent, stopNotebook } from "dlm/jupyter/stop.ts";

const COPIES = fileURLToPath(new URL("../../build/notebooks/", import.meta.url));

const command = new Command("notebooks")
  .description(
    "Runs notebooks on the Deno kernel, in order, and writes executed copies to build/notebooks.",
  )
  .argument("[names...]", "notebooks, such as 01, 01_data or a path (default: the whole course)")
  .addOption(
    new Option("--preset <name>", "size of the runs in the cells")
      .choices(["smoke", "laptop"])
      .default("smoke"),
  )
  .option("--alone", "run every cell in a fresh kernel of its own")
  .option(
    "--repeat <times>",
    "only check that every cell can be run this many times, with the values that its comments " +
      "suggest, without leaving tensors behind",
    wholeNumber(2),
  )
  .option(
    "--stop",
    "only check that every cell that takes long can be stopped, twice, and that its kernel lives on",
  )
  .option("--write", "write the outputs back into notebooks that ran without an error")
  .option("--timeout <seconds>", "the longest that a cell may run", positiveNumber, 1800)
  .option("--json", "end with one line of JSON on stdout")
  .action(async (names, options) => {
    if (options.alone && options.write) {
      throw new RangeError(
        "Cells run alone are all numbered 1, so --alone and --write do not go together; drop one.",
      );
    }
    const checks = options.repeat !== undefined || options.stop;
    if (checks && (options.alone || options.write || (options.repeat && options.stop))) {
      throw new RangeError(
        "--repeat and --stop each need one kernel for all runs and keep no outputs: " +
          "give one of them, without --alone and --write.",
      );
    }
    if (options.stop && command.getOptionValueSource("timeout") === "cli") {
      throw new RangeError(
        "--stop waits no longer than a minute for any cell: leave out --timeout.",
      );
    }
    const course = [];
    for (const path of await selectNotebooks(names)) {
      const file = await readNotebookFile(path);
      course.push({ file, notebook: parseNotebook(file.text, path) });
    }
    if (!checks) await assertWritable(COPIES);
    const rows = [];
    for (const { file, notebook } of course) {
      const row = await run(notebook, file.path, options);
      const failed = (error: unknown) => {
        if (!(error instanceof WriteError)) throw error;
        row.errors.push(error.message);
      };
      if (!checks) {
        completeMetadata(notebook);
        await writeNotebook(`${COPIES}${row.name}.ipynb`, notebook).catch(failed);
      }
      if (options.write && row.errors.length === 0) {
        await replaceNotebook(file, notebook).catch(failed);
      }
      report(row);
      rows.push(row);
    }
    if (options.json) console.log(JSON.stringify({ notebooks: rows }));
    if (rows.some(({ errors }) => errors.length > 0)) Deno.exit(1);
  });

if (import.meta.main) await runCommand(command);

interface Options {
  preset: string;
  alone?: true;
  repeat?: number;
  stop?: true;
  timeout: number;
}

/** How a notebook's run went. */
interface Row {
  name: string;
  cells: number;
  seconds: number;
  errors: string[];
  /** What became of cells that were stopped or repeated. */
  notes: string[];
}

/** Runs one notebook under a progress bar. */
async function run(notebook: Notebook, path: string, options: Options): Promise<Row> {
  const { preset, alone, repeat, stop, timeout } = options;
  const name = notebookName(path);
  const cells = codeCells(notebook).length;
  const bar = progressBar(`${name} {bar} {value}/{total} cells, {duration_formatted}  {code}`, {
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  const interrupt = () => {
    bar.stop(); // gives the terminal its settings back
    Deno.exit(130);
  };
  const session = {
    name,
    directory: dirname(path),
    environment: { DLM_PRESET: preset },
    quick: preset === "smoke",
    timeoutMs: timeout * 1000,
  };
  const notes: string[] = [];
  const events: AsyncIterable<StopEvent & RepeatEvent> = stop
    ? stopNotebook(notebook, session)
    : repeat === undefined
    ? runNotebook(notebook, { ...session, alone })
    : repeatNotebook(notebook, { ...session, times: repeat });
  const began = performance.now();
  const errors: string[] = [];
  Deno.addSignalListener("SIGINT", interrupt);
  bar.start(cells, 0, { code: "" });
  try {
    for await (const event of events) {
      if (event.type === "started") bar.update({ code: firstLine(event.cell) });
      else bar.increment();
      if (event.type === "failed") errors.push(describeFailure(event));
      if (event.afterwards !== undefined) notes.push(describeStop(event));
      if (event.megabytes) notes.push(describeRepeat(event));
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    errors.push(`${name}: ${error.message}`);
  } finally {
    bar.stop();
    Deno.removeSignalListener("SIGINT", interrupt);
  }
  return { name, cells, seconds: (performance.now() - began) / 1000, errors, notes };
}

function report({ name, cells, seconds, errors, notes }: Row): void {
  for (const line of notes) console.error(line);
  for (const error of errors) console.error(`FAILED ${error}`);
  const result = ["no errors", "1 error"][errors.length] ?? `${errors.length} errors`;
  console.error(`${name}: ${cells} cells, ${seconds.toFixed(1)} s, ${result}`);
}
