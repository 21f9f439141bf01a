/** How long the course is, in numbers that a person can judge it by. */
import { codeCells, type Notebook } from "dlm/jupyter/notebook.ts";

/** The counts of one notebook, or of several together. */
export interface Counts {
  /** Words of prose, exercises and headings included. */
  words: number;
  /** Code cells. */
  cells: number;
  /** Lines of code, and how many of them import something. */
  lines: number;
  imports: number;
  /** How often the reader is asked to predict what a cell will show. */
  predictions: number;
}

/** An import, with its lines if it is broken over several. */
const IMPORT = /^import [^;]*;$/gm;

/** The counts of a notebook. */
export function countsOf(notebook: Notebook): Counts {
  const prose = notebook.cells.filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => source).join("\n");
  const code = codeCells(notebook).map(({ source }) => source);
  const imports = code.flatMap((source) => source.match(IMPORT) ?? []);
  return {
    words: prose.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
    cells: code.length,
    lines: lineCount(code),
    imports: lineCount(imports),
    predictions: prose.match(/\*Predict\b/g)?.length ?? 0,
  };
}

/** The counts of several notebooks together. */
export function sumCounts(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => counts.reduce((total, count) => total + count[key], 0);
  return {
    words: sum("words"),
    cells: sum("cells"),
    lines: sum("lines"),
    imports: sum("imports"),
    predictions: sum("predictions"),
  };
}

function lineCount(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + text.split("\n").length, 0);
}
