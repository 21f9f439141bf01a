import stringWidth from "string-width";
import { escapeMarkup } from "dlm/display/_block.ts";
import { glyphInText, glyphOf } from "dlm/display/glyphs.ts";
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
  /**
   * The most rows to show; a last line says how many more there are.
   *
   * @default {100}
   */
  most?: number;
}

/**
 * A table, to end a cell with. Its columns are the first row's; a row that lacks one
 * leaves it empty. Characters that cannot be seen are shown as signs for them.
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
  const { decimals = 3, most = 100 } = options;
  const shown = rows.slice(0, most);
  const more = rows.length > most
    ? `… and ${(rows.length - most).toLocaleString("en")} rows more`
    : "";
  const columns = Object.keys(rows[0] ?? {}).map((heading) => {
    const values = shown.map((row) => row[heading] ?? "");
    return {
      heading,
      cells: values.map((value) => format(value, decimals)),
      align: values.some((value) => typeof value === "number") ? "right" as const : "left" as const,
    };
  });
  return {
    [jupyterDisplay]: () => ({
      "text/plain": [asText(columns), more].filter(Boolean).join("\n"),
      "text/html": asHtml(columns) + (more && `<p>${more}</p>`),
    }),
  };
}

interface Column {
  heading: string;
  cells: string[];
  align: "left" | "right";
}

/** What is not seen in a text: all but what joins the parts of an emoji or a word. */
const UNSEEN = /[^\P{C}\u200c\u200d]|\p{Z}/gu;

function format(value: string | number, decimals: number): string {
  if (typeof value === "string") {
    return [...value].length === 1 ? glyphOf(value) : value.replace(UNSEEN, glyphInText);
  }
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
    const width = Math.max(...entries.map((entry) => stringWidth(entry)));
    return [heading, "─".repeat(width), ...cells].map((entry) => {
      const room = " ".repeat(width - stringWidth(entry));
      return align === "right" ? room + entry : entry + room;
    });
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
