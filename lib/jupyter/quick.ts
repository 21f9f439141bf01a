/** What a cell's metadata says for whoever tests the course, and no reader needs to see. */
import type { CodeCell } from "dlm/jupyter/notebook.ts";

/**
 * The source of a cell for a quick run. The metadata `"quick": {"steps": "40"}` puts `40` in the
 * place of the value of `const steps = 400;`; a cell without it stays as it is.
 *
 * @throws RangeError unless the cell declares each of these constants once, on a line of its own
 */
export function quickSource(
  { id, source, metadata }: Pick<CodeCell, "id" | "source" | "metadata">,
): string {
  for (const [name, value] of Object.entries(metadata.quick ?? {})) {
    const declaration = new RegExp(
      `^( *const ${RegExp.escape(name)}(?:: [^=]+)? = ).*?;(?= //|$)`,
      "gm",
    );
    const count = source.match(declaration)?.length ?? 0;
    if (count !== 1) {
      throw new RangeError(
        `The cell "${id}" declares ${name} ${count} times: what its quick run changes must be ` +
          `one constant on one line.`,
      );
    }
    source = source.replace(declaration, (_, start) => `${start}${value};`);
  }
  return source;
}

/**
 * Expressions of a cell's own constants that must be true once it has run, quick or not and with
 * any text: its metadata `"checks": ["bits > 0"]`.
 */
export function checksOf({ metadata }: Pick<CodeCell, "metadata">): string[] {
  return Array.isArray(metadata.checks) ? metadata.checks.map(String) : [];
}
