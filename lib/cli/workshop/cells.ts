/** `deno task cells`: what Deno's type checker, linter and formatter say about the notebooks. */
import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { assertWritable } from "dlm/files/folders.ts";
import { cellModules, nameCells } from "dlm/jupyter/cells.ts";
import { notebookName, selectNotebooks } from "dlm/jupyter/course.ts";
import {
  codeCells,
  type NotebookFile,
  parseNotebook,
  readNotebookFile,
  replaceNotebook,
} from "dlm/jupyter/notebook.ts";
import { syntaxFault } from "dlm/jupyter/syntax.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MODULES = fileURLToPath(new URL("../../../build/cells/", import.meta.url));

const command = new Command("cells")
  .description("Type-checks and lints every code cell of the notebooks, and checks its format.")
  .argument("[names...]", "notebooks, such as 01, 01_data or a path (default: all)")
  .option("--fix", "format the cells in the notebooks first")
  .action(async (names, { fix }) => {
    const files = await Promise.all((await selectNotebooks(names)).map(readNotebookFile));
    const faults = await Array.fromAsync(syntaxFaults(files));
    if (faults.length > 0) {
      console.error(faults.join("\n"));
      Deno.exit(1); // the tools would say the same at greater length
    }
    await assertWritable(MODULES);
    const modules = [];
    for (const file of files) modules.push(...await extract(file));
    if (modules.length === 0) return console.log("There are no code cells.");
    if (fix) {
      await run(["fmt", "--quiet"], modules);
      for (const file of files) await putBack(file);
    }
    let green = true;
    for (const tool of [["check", "--quiet"], ["lint"], ["fmt", "--check"]]) {
      console.error(`deno ${tool[0]} over ${modules.length} cells …`);
      if (!await run(tool, modules)) green = false;
    }
    if (!green) Deno.exit(1);
    console.log(`${modules.length} cells are in order.`);
  });

if (import.meta.main) await runCommand(command);

/** What cannot even be parsed, a line for each cell. */
async function* syntaxFaults(files: readonly NotebookFile[]): AsyncGenerator<string> {
  for (const { path, text } of files) {
    for (const [i, { source }] of codeCells(parseNotebook(text, path)).entries()) {
      const fault = await syntaxFault(source);
      if (!fault) continue;
      const { message, line, column } = fault;
      const place = `${notebookName(path)}, code cell ${i + 1}, line ${line}, column ${column}`;
      yield `${place}: ${message}.`;
    }
  }
}

/** Writes the modules of a notebook's cells, in place of older ones, and returns their paths. */
async function extract({ path, text }: NotebookFile): Promise<string[]> {
  const name = notebookName(path);
  await Deno.remove(MODULES + name, { recursive: true }).catch(() => {}); // there may be none yet
  await Deno.mkdir(MODULES + name, { recursive: true });
  const modules = cellModules(parseNotebook(text, path), name);
  for (const module of modules) {
    await Deno.writeTextFile(MODULES + module.path, module.source);
  }
  return modules.map((module) => MODULES + module.path);
}

/** Takes the sources of a notebook's cells from their modules. */
async function putBack(file: NotebookFile): Promise<void> {
  const notebook = parseNotebook(file.text, file.path);
  const modules = cellModules(notebook, notebookName(file.path));
  for (const [i, cell] of codeCells(notebook).entries()) {
    cell.source = (await Deno.readTextFile(MODULES + modules[i]!.path))
      .trimEnd();
  }
  await replaceNotebook(file, notebook);
}

/** Runs a tool of Deno's over files and prints what it has to say in terms of cells. */
async function run(tool: string[], files: string[]): Promise<boolean> {
  // Files are named one by one: of a git-ignored folder as a whole the tools would see nothing.
  const command = new Deno.Command(Deno.execPath(), {
    args: [...tool, ...files],
    cwd: ROOT,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" }, // colours would tear the paths apart
  });
  const { success, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  const report = text.decode(stdout) + text.decode(stderr);
  // Where deno.json excludes the folder, `deno check` is content with having looked at nothing.
  const green = success && !report.includes("No matching files");
  if (!green) console.error(nameCells(report, MODULES));
  return green;
}
