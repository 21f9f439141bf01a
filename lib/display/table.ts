import { escapeMarkup } from "dlm/display/_block.ts";
import { type Displayable, jupyterDisplay } from "dlm/display/picture.ts";

/** A row: what stands under each heading. */
export type Row = Readonly<Record<string, string | number | undefined>>;

/** Options for {@linkcode table}. */
export interface TableOptions {
  /**
   * The decimals of numbers that are not whole.
   *
   * @default {3}
   */
  decimals?: number;
}

/**
 * A table, to end a cell with. Its columns are the first row's; a row that lacks one
 * leaves it empty.
 *
 * @example
 * ```ts
 * import { table } from "dlm/display/table.ts";
 *
 * table([
 *   { model: "uniform", "bits per character": Math.log2(65), parameters: 0 },
 *   { model: "bigram", "bits per character": 3.595, parameters: 4225 },
 * ]);
 * ```
 */
export function table(rows: readonly Row[], options: TableOptions = {}): Displayable {
  const { decimals = 3 } = options;
  const columns = Object.keys(rows[0] ?? {}).map((heading) => {
    const values = rows.map((row) => row[heading] ?? "");
    return {
      heading,
      cells: values.map((value) => format(value, decimals)),
      align: values.some((value) => typeof value === "number") ? "right" as const : "left" as const,
    };
  });
  return {
    [jupyterDisplay]: () => ({
      "text/plain": asText(columns),
      "text/html": asHtml(columns),
    }),
  };
}

interface Column {
  heading: string;
  cells: string[];
  align: "left" | "right";
}

function format(value: string | number, decimals: number): string {
  if (typeof value === "string") return value;
  return value.toLocaleString(
    "en",
    Number.isInteger(value) ? {} : {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    },
  );
}

function asText(columns: Column[]): string {
  const padded = columns.map(({ heading, cells, align }) => {
    const entries = [heading, ...cells];
    const width = Math.max(...entries.map((entry) => entry.length));
    return [heading, "─".repeat(width), ...cells].map((entry) =>
      align === "right" ? entry.padStart(width) : entry.padEnd(width)
    );
  });
  return transpose(padded).map((line) => line.join("  ").trimEnd()).join("\n");
}

// The alignment is an attribute for GitHub, which drops styles, and a style for JupyterLab's own.
function asHtml(columns: Column[]): string {
  const cell = (tag: string, { align }: Column, text: string) =>
    `<${tag} align="${align}" style="text-align:${align}">${escapeMarkup(text)}</${tag}>`;
  const tableRow = (cells: string[]) => `<tr>${cells.join("")}</tr>`;
  const head = columns.map((column) => cell("th", column, column.heading));
  const body = transpose(
    columns.map((column) => column.cells.map((text) => cell("td", column, text))),
  );
  return `<table><thead>${tableRow(head)}</thead>` +
    `<tbody>${body.map(tableRow).join("")}</tbody></table>`;
}

function transpose<T>(columns: T[][]): T[][] {
  return (columns[0] ?? []).map((_, i) => columns.map((column) => column[i]!));
}
