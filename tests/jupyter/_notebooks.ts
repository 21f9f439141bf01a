import { type Cell, DENO_METADATA, type Notebook, type TextCell } from "dlm/jupyter/notebook.ts";

/** A notebook for the Deno kernel. */
export function createNotebook(cells: Cell[]): Notebook {
  return { cells, metadata: structuredClone(DENO_METADATA), nbformat: 4, nbformat_minor: 5 };
}

/** A cell of prose; `id` must be unique in its notebook. */
export function markdownCell(id: string, source: string): TextCell {
  return { cell_type: "markdown", id, source, metadata: {} };
}
