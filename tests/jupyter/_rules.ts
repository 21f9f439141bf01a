/** The rules of the course for its notebooks, as far as they can be seen without running them. */
import { median } from "simple-statistics";
import {
  type CodeCell,
  codeCells,
  formatNotebook,
  type MimeBundle,
  type Notebook,
  type Output,
  parseNotebook,
} from "dlm/jupyter/notebook.ts";
import { quickSource } from "dlm/jupyter/quick.ts";

const MOST_BYTES = 1_000_000;
const MOST_LINES = 30;
/** The one cell that may be longer: it is a whole program. */
const WHOLE_PROGRAM = { id: "whole-program", lines: 60 };
const MEDIAN_LINES = 8;
const LAST_SECTIONS = ["## What you learned", "## Exercises", "## Papers"];

/** What nbformat 4.5 says that each kind of cell and of output has, and no more. */
const KEYS: Record<string, string> = {
  code: "cell_type, execution_count, id, metadata, outputs, source",
  markdown: "cell_type, id, metadata, source",
  raw: "cell_type, id, metadata, source",
  stream: "name, output_type, text",
  display_data: "data, metadata, output_type",
  execute_result: "data, execution_count, metadata, output_type",
  error: "ename, evalue, output_type, traceback",
};

/**
 * What must not be declared at the top level of a cell. The kernel refuses a name that is const
 * in one cell and let or function in another, and never disposes of what is declared with using.
 */
const DECLARATION = /^(?:let|var|class|(?:async )?function\*?|(?:await )?using)\b.*/m;

/** A named number, or several, such as `const [T, t] = [64, 0.5];`, and what is said of it. */
const NUMBERS = /^(const (?:\w+ = -?[\d.][\w.-]*|\[.+\] = \[[-\d._en, ]+\]);)(?: \/\/ (.+))?/;

/** A line that works with values, rather than only naming them. */
const WORK = /^(?!const |import |\/\/|$|[\s\])}])|\bawait\b|=>/;

/** The start of a path on somebody's machine, as it appears in stack traces and logs. */
const MACHINE_PATH =
  /file:\/\/|(?<![\w.:/-])\/(?:home|root|Users|tmp|var|mnt|opt|srv|work|builds)\/\w|\b[A-Z]:\\\w/;

/** What is wrong with a notebook, given the text of its file: one sentence a fault. */
export function brokenRules(text: string, name: string): string[] {
  let notebook: Notebook;
  try {
    notebook = parseNotebook(text, name);
  } catch (error) {
    if (error instanceof RangeError) return [error.message];
    throw error;
  }
  return [
    ...fileFaults(notebook, text),
    ...formatFaults(notebook, text),
    ...proseFaults(notebook),
    ...(/^\d/.test(name) ? endFaults(notebook) : []), // the worked solutions end as they like
    ...cellFaults(notebook),
  ]
    .map((fault) => `${name}: ${fault}.`);
}

function* fileFaults({ cells, metadata }: Notebook, text: string): Generator<string> {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes >= MOST_BYTES) {
    yield `the file has ${bytes} bytes; it must stay below ${MOST_BYTES}`;
  }
  if ((metadata.kernelspec as MimeBundle | undefined)?.name !== "deno") {
    yield "the kernelspec is not Deno's";
  }
  const ids = new Set<string>();
  for (const [i, { id }] of cells.entries()) {
    if (ids.has(id)) yield `the id "${id}" of cell ${i + 1} is taken by an earlier cell`;
    if (!/^[\w-]{1,64}$/.test(id)) {
      yield `the id "${id}" of cell ${i + 1} is not 1 to 64 letters, digits, - and _`;
    }
    ids.add(id);
  }
}

function* formatFaults(notebook: Notebook, text: string): Generator<string> {
  const parts = notebook.cells.flatMap((cell, i) => [
    { part: cell, type: cell.cell_type, place: `cell ${i + 1}` },
    ...(cell.cell_type === "code" ? cell.outputs : []).map((output) => (
      { part: output, type: output.output_type, place: `an output of cell ${i + 1}` }
    )),
  ]);
  for (const { part, type, place } of parts) {
    const keys = Object.keys(part).sort().join(", ");
    if (keys !== KEYS[type]) {
      yield `${place} has the keys ${keys}; nbformat 4.5 wants ${KEYS[type]}`;
    }
  }
  if (formatNotebook(notebook) !== text) {
    yield "the file is not written as Jupyter writes it: save it there, or run deno task cells --fix";
  }
}

function* endFaults({ cells }: Notebook): Generator<string> {
  const prose = cells.filter(({ cell_type }) => cell_type === "markdown");
  const sections = prose.flatMap(({ source }) => source.match(/^## .*/gm) ?? []);
  if (sections.slice(-LAST_SECTIONS.length).join() !== LAST_SECTIONS.join()) {
    yield `the last sections are not ${LAST_SECTIONS.join(", ")}`;
  }
}

function* proseFaults(notebook: Notebook): Generator<string> {
  const code = codeCells(notebook);
  if (code.length === 0) return yield "there is no code cell";
  const lines = median(code.map(({ source }) => lineCount(source)));
  if (lines > MEDIAN_LINES) {
    yield `the median code cell has ${lines} lines; it may have ${MEDIAN_LINES}`;
  }
  const lengthOf = (type: string) =>
    notebook.cells.filter((cell) => cell.cell_type === type)
      .reduce((sum, { source }) => sum + source.length, 0);
  const [codeLength, proseLength] = [lengthOf("code"), lengthOf("markdown")];
  if (proseLength < codeLength) {
    yield `there are ${codeLength} characters of code but only ${proseLength} of prose`;
  }
}

function* cellFaults(notebook: Notebook): Generator<string> {
  for (const cell of notebook.cells) {
    const path = MACHINE_PATH.exec(cell.source);
    if (path) yield `the cell "${cell.id}" names a path of one machine (${path[0]}…)`;
  }
  for (const [i, codeCell] of codeCells(notebook).entries()) {
    const { id, source, outputs, execution_count } = codeCell;
    const cell = `code cell ${i + 1}`;
    const lines = lineCount(source);
    const most = id === WHOLE_PROGRAM.id ? WHOLE_PROGRAM.lines : MOST_LINES;
    if (lines > most) yield `${cell} has ${lines} lines; it may have ${most}`;
    if (execution_count !== i + 1) {
      yield `${cell} has the execution count ${execution_count}: run all cells in order`;
    }
    if (outputs.length === 0) yield `${cell} shows nothing`;
    if (outputs.some(({ output_type }) => output_type === "error")) {
      yield `${cell} ended with an error`;
    }
    if (outputs.some(lacksSize)) {
      yield `a picture of ${cell} has no size: run deno task notebooks --write`;
    }
    const declaration = DECLARATION.exec(source);
    if (declaration) yield `${cell} declares more than constants: ${declaration[0]}`;
    if (source.includes("DLM_PRESET")) {
      yield `${cell} asks for DLM_PRESET: what a quick run changes belongs in its metadata`;
    }
    yield* quickFaults(codeCell);
    yield* hyperparameterFaults(source, cell);
    const path = MACHINE_PATH.exec([...texts(outputs)].join("\n"));
    if (path) yield `the output of ${cell} names a path of one machine (${path[0]}…)`;
  }
}

/** Whether an output is a picture that front ends would show twice as large as it is. */
function lacksSize(output: Output): boolean {
  return "data" in output && "image/png" in output.data && !output.metadata?.["image/png"];
}

function* quickFaults(cell: CodeCell): Generator<string> {
  try {
    quickSource(cell);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    yield error.message.slice(0, -1);
  }
}

function* hyperparameterFaults(source: string, cell: string): Generator<string> {
  const lines = source.split("\n");
  const work = lines.findIndex((line) => WORK.test(line));
  for (const [i, line] of lines.entries()) {
    const [, declaration, comment] = NUMBERS.exec(line) ?? [];
    if (!declaration) continue;
    if (!comment) yield `${cell} does not say what to try in the place of ${declaration}`;
    if (work >= 0 && i > work) yield `${cell} names a number below the top: ${declaration}`;
  }
}

/** All text in some outputs, but not base64, in which any short text may turn up by chance. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!key.startsWith("image/") || key === "image/svg+xml") yield* texts(inner);
  }
}

/** How many lines a cell has to read; a long import is one, however it is broken. */
function lineCount(source: string): number {
  return source.replaceAll(/^import (type )?\{[^}]*\}/gm, "import {}").split("\n").length;
}
