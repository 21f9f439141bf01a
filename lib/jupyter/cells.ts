/** Code cells as modules, so that Deno's type checker, linter and formatter can read them. */
import { codeCells, type Notebook } from "dlm/jupyter/notebook.ts";

export interface CellModule {
  /** Where the module belongs below the folder of modules: `<notebook>/<number>.ts`. */
  path: string;
  source: string;
}

/** A module for each code cell; one that leans on an earlier cell will not compile, as it should. */
export function cellModules(notebook: Notebook, name: string): CellModule[] {
  return codeCells(notebook).map(({ source }, i) => ({
    path: `${name}/${String(i + 1).padStart(2, "0")}.ts`,
    source: `${source}\n`,
  }));
}

/** Puts notebook and cell in the place of paths below `directory` in what a tool reported. */
export function nameCells(report: string, directory: string): string {
  const start = `(?:file://)?${RegExp.escape(directory)}`;
  const place = new RegExp(`${start}([^/\\s]+)/(\\d+)\\.ts(?::(\\d+):(\\d+))?`, "g");
  return report.replace(place, (_, name, cell, line, column) => {
    const position = line === undefined ? "" : `, line ${line}, column ${column}`;
    return `${name}, code cell ${Number(cell)}${position}`;
  });
}
