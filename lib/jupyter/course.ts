/** The notebooks of the course: their order, and how commands name them. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the course's notebooks. */
const COURSE = fileURLToPath(new URL("../../notebooks/", import.meta.url));

/** A notebook's name: its file name without the ending. */
export function notebookName(path: string): string {
  return basename(path, ".ipynb");
}

/** Puts notebooks in the order of their numbers; one without a number (solutions) comes last. */
export function courseOrder(names: readonly string[]): string[] {
  const number = (name: string) => /^\d+/.test(name) ? parseInt(name) : Infinity;
  return names.toSorted((a, b) => number(a) - number(b) || a.localeCompare(b));
}

/**
 * The paths of the notebooks that `names` asks for, in their order and without repetition: the
 * whole course if there are none. A name is a number (`01`), a file name without its ending
 * (`01_data`) or a path.
 *
 * @throws RangeError if a name fits no notebook, or two files have one name
 */
export async function selectNotebooks(names: readonly string[]): Promise<string[]> {
  const files = (await Array.fromAsync(Deno.readDir(COURSE))).map(({ name }) => name);
  const course = courseOrder(files.filter((name) => name.endsWith(".ipynb")).map(notebookName));
  const paths: string[] = [];
  for (const name of names.length > 0 ? names : course) {
    paths.push(await pathOf(name, course));
  }
  const real = new Map<string, string>(); // one path for each file, however often it is named
  for (const path of paths) real.set(await Deno.realPath(path), path);
  const named = [...real.values()];
  const twice = named.find((path, i) => named.findIndex(sameName(path)) < i);
  if (twice === undefined) return named;
  throw new RangeError(
    `Several notebooks are called ${basename(twice)}, and what becomes of them is kept by that ` +
      "name: run them one after the other.",
  );
}

const sameName = (path: string) => (other: string) => notebookName(other) === notebookName(path);

/** The notebook of the course that `name` means, if any. */
export function findInCourse(name: string, course: readonly string[]): string | undefined {
  return course.find((known) =>
    known === name || (/^\d+$/.test(name) && known.startsWith(`${name}_`))
  );
}

async function pathOf(name: string, course: readonly string[]): Promise<string> {
  const known = findInCourse(name, course);
  if (known !== undefined) return `${COURSE}${known}.ipynb`;
  const isFile = name.endsWith(".ipynb") &&
    await Deno.stat(name).then((found) => found.isFile, () => false);
  if (isFile) return name;
  throw new RangeError(
    `There is no notebook "${name}": expected the path of an .ipynb file or one of ${
      course.join(", ")
    }.`,
  );
}
