/** Jupyter notebooks, nbformat 4.5, read and written byte for byte as Jupyter does. */

import { WriteError, writeFileAtomic } from "dlm/files/atomic.ts";
import { readGivenFile } from "dlm/files/reading.ts";

/** Values that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | {
  [key: string]: Json;
};

/** One value in several MIME types; a front end shows the richest that it can. */
export type MimeBundle = Record<string, Json>;

/** Text that a cell printed. */
export interface StreamOutput {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: string;
}

/** What a cell showed while it ran. */
export interface DisplayOutput {
  output_type: "display_data";
  data: MimeBundle;
  metadata: MimeBundle;
}

/** The value of a cell's last expression. */
export interface ResultOutput {
  output_type: "execute_result";
  data: MimeBundle;
  metadata: MimeBundle;
  execution_count: number | null;
}

/** The exception that ended a cell. */
export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

/** A cell of code. Its number in messages is its place among the code cells, counted from 1. */
export interface CodeCell {
  cell_type: "code";
  id: string;
  source: string;
  metadata: MimeBundle;
  outputs: Output[];
  execution_count: number | null;
}

/** A cell of prose, or of text that no one interprets. */
export interface TextCell {
  cell_type: "markdown" | "raw";
  id: string;
  source: string;
  metadata: MimeBundle;
}

export type Cell = CodeCell | TextCell;

/** A notebook. Texts of several lines are strings here, and lists of lines in the file. */
export interface Notebook {
  cells: Cell[];
  metadata: MimeBundle;
  nbformat: 4;
  nbformat_minor: 5;
}

/** The metadata of a notebook for the kernel of this Deno, as a front end writes it. */
export const DENO_METADATA = {
  kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
  language_info: {
    codemirror_mode: "typescript",
    file_extension: ".ts",
    mimetype: "text/x.typescript",
    name: "typescript",
    nbconvert_exporter: "script",
    pygments_lexer: "typescript",
    version: Deno.version.typescript,
  },
} satisfies MimeBundle;

/** A code cell that has not run; `id` must be unique in its notebook. */
export function codeCell(id: string, source: string): CodeCell {
  return {
    cell_type: "code",
    id,
    source,
    metadata: {},
    outputs: [],
    execution_count: null,
  };
}

/** The code cells of a notebook, in order. */
export function codeCells(notebook: Notebook): CodeCell[] {
  return notebook.cells.filter((cell) => cell.cell_type === "code");
}

/**
 * Reads the text of an `.ipynb` file.
 *
 * @param name what error messages call the file
 * @throws RangeError if the text is not a notebook of nbformat 4.5
 */
export function parseNotebook(text: string, name: string): Notebook {
  const json = parseJson(text, name);
  if (!isObject(json) || !Array.isArray(json.cells)) {
    throw new RangeError(
      `${name} is not a notebook: it has no list of cells; name a file that Jupyter has saved.`,
    );
  }
  const { nbformat, nbformat_minor } = json;
  if (nbformat !== 4 || nbformat_minor !== 5) {
    throw new RangeError(
      `${name} is a notebook of format ${nbformat}.${nbformat_minor}; save it in format 4.5 ` +
        "with a current JupyterLab or VS Code.",
    );
  }
  const cells = json.cells.map((cell, i) => parseCell(cell, `cell ${i + 1} of ${name}`));
  return {
    ...json,
    cells,
    metadata: isObject(json.metadata) ? json.metadata : {},
    nbformat,
    nbformat_minor,
  };
}

/** The text of the `.ipynb` file: sorted keys, one space of indent, a newline at the end. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: splitLines(cell.source),
    ...(cell.cell_type === "code" &&
      { outputs: cell.outputs.map(splitOutput) }),
  }));
  return JSON.stringify({ ...notebook, cells }, sortKeys, 1) + "\n";
}

/** A notebook file as it was when it was read. */
export interface NotebookFile {
  path: string;
  text: string;
}

/**
 * Reads a notebook file.
 *
 * @throws RangeError if the file cannot be read, or is not UTF-8
 */
export async function readNotebookFile(path: string): Promise<NotebookFile> {
  const expected = { what: "a notebook", missing: "name one that is there" };
  const bytes = await readGivenFile(path, expected);
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new RangeError(`${path} is not UTF-8 text: save it as UTF-8 first.`, { cause });
  }
}

/**
 * Writes a notebook file; whoever reads it meanwhile sees the old file or the
 * new one, never a part of it.
 */
export function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  return writeFileAtomic(path, new TextEncoder().encode(formatNotebook(notebook)));
}

/**
 * Writes a notebook in the place of the file that it came from.
 *
 * @throws WriteError if somebody has saved that file meanwhile, which then stays as they saved it
 */
export async function replaceNotebook(file: NotebookFile, notebook: Notebook): Promise<void> {
  const { text } = await readNotebookFile(file.path);
  if (text !== file.text) {
    throw new WriteError(
      `${file.path} was saved by somebody else meanwhile and stays as it is: run the command again.`,
    );
  }
  await writeNotebook(file.path, notebook);
}

function parseJson(text: string, name: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(
      `${name} is not a notebook: it is not JSON (${reason}); name a file that Jupyter has saved.`,
    );
  }
}

function parseCell(cell: Json, name: string): Cell {
  if (!isObject(cell)) {
    throw new RangeError(`The ${name} is not an object; repair the file or take an older copy.`);
  }
  const { cell_type, id, metadata = {} } = cell;
  const source = joinLines(cell.source);
  if (typeof id !== "string" || typeof source !== "string" || !isObject(metadata)) {
    throw new RangeError(
      `The ${name} lacks an id, a source or metadata; repair the file or take an older copy.`,
    );
  }
  if (cell_type === "markdown" || cell_type === "raw") {
    return { ...cell, cell_type, id, source, metadata };
  }
  if (cell_type !== "code" || !Array.isArray(cell.outputs)) {
    throw new RangeError(
      `The ${name} is neither prose nor code with outputs; repair the file or take an older copy.`,
    );
  }
  const execution_count = typeof cell.execution_count === "number" ? cell.execution_count : null;
  return {
    ...cell,
    cell_type,
    id,
    source,
    metadata,
    execution_count,
    outputs: cell.outputs.map((output, i) => parseOutput(output, `output ${i + 1} of ${name}`)),
  };
}

/** Whether values of a MIME type are lists of lines in the file (those that one might read). */
function isLines(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml" ||
    mime === "application/javascript";
}

function splitOutput(output: Output): Json {
  if (output.output_type === "stream") {
    return { ...output, text: splitLines(output.text) };
  }
  if (output.output_type === "error") return { ...output };
  return {
    ...output,
    data: mapLines(output.data, (value) => typeof value === "string" ? splitLines(value) : value),
  };
}

function parseOutput(json: Json, name: string): Output {
  const output = isObject(json) ? json : {};
  // Of an output's shape only what is worked with here is looked at; the rest is Jupyter's business.
  const { output_type, data } = output;
  const text = joinLines(output.text);
  if (output_type === "stream" && typeof text === "string") {
    return { ...output, text } as StreamOutput;
  }
  if (output_type === "error") return output as unknown as ErrorOutput;
  const isShown = output_type === "display_data" || output_type === "execute_result";
  if (isShown && isObject(data)) {
    return { ...output, data: mapLines(data, joinLines) } as DisplayOutput | ResultOutput;
  }
  throw new RangeError(
    `The ${name} is not one that Jupyter knows: clear the outputs of that cell or take an older copy.`,
  );
}

function mapLines(bundle: MimeBundle, change: (value: Json) => Json): MimeBundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [mime, isLines(mime) ? change(value) : value]),
  );
}

/** Lines as Python's `splitlines(True)` finds them, which Jupyter writes. */
function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(LINE_END);
}

// deno-lint-ignore no-control-regex -- they end lines there
const LINE_END = /(?<=\r\n|\n|\r(?!\n)|[\v\f\x1c-\x1e\x85\u2028\u2029])/;

function joinLines(value: Json | undefined): Json {
  return Array.isArray(value) ? value.join("") : value ?? null;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

function isObject(value: unknown): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
