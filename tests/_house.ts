import { dirname, join, normalize } from "node:path/posix";

/**
 * The files of a library, as paths from its root, each with those of them that it imports, for
 * their types alone too. A Worker's program is started, not imported, and does not count.
 */
export type House = Map<string, string[]>;

/** Reads the files in a folder and in those below it. */
export async function readHouse(root: URL): Promise<House> {
  const house: House = new Map();
  const enter = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", root))) {
      const path = folder + name;
      if (isDirectory) await enter(`${path}/`);
      else house.set(path, importsOf(path, await readSource(new URL(path, root))));
    }
  };
  await enter("");
  return new Map([...house].sort(([a], [b]) => a < b ? -1 : 1));
}

async function readSource(file: URL): Promise<string> {
  return /\.ts$/.test(file.pathname) ? await Deno.readTextFile(file) : "";
}

const IMPORT =
  /^(?:import|export)\b[^;"]*\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** What the file at that path imports of its own library, which calls itself "dlm/". */
export function importsOf(path: string, source: string): string[] {
  return [...source.matchAll(IMPORT)].flatMap(([, from, bare, dynamic]) => {
    const specifier = (from ?? bare ?? dynamic)!;
    if (specifier.startsWith("dlm/")) return [specifier.slice("dlm/".length)];
    const target = normalize(join(dirname(path), specifier));
    return specifier.startsWith(".") && !target.startsWith("../") ? [target] : [];
  });
}

/** Where a file belongs: a folder of the root, or the file itself if it stands in the root. */
function floorOf(path: string): string {
  return path.split("/")[0]!;
}

/** The imports that point up, or to a floor that is not listed, from the ground up. */
export function upwardImports(house: House, floors: readonly string[]): string[] {
  const level = (path: string) => {
    const found = floors.indexOf(floorOf(path));
    return found === -1 ? Infinity : found;
  };
  return imports(
    house,
    (file, target) => floorOf(file) !== floorOf(target) && level(target) >= level(file),
  );
}

/** Files that import one another in a circle; at least one circle if there are any. */
export function circles(house: House): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const target of house.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of house.keys()) visit(file, []);
  return found;
}

/** The folders with more than so many entries; in the root, whose folders are floors, files count. */
export function crowdedFolders(house: House, most: number): string[] {
  const entries = new Map<string, Set<string>>();
  for (const file of house.keys()) {
    for (let path = file; path !== "."; path = dirname(path)) {
      const folder = dirname(path);
      if (folder === "." && path !== file) continue;
      if (!entries.has(folder)) entries.set(folder, new Set());
      entries.get(folder)!.add(path);
    }
  }
  return [...entries].filter(([, { size }]) => size > most).map(([folder]) => folder);
}

/** The floors at which there is nothing, and the files which belong to none. */
export function strayFloors(house: House, floors: readonly string[]) {
  const files = [...house.keys()];
  return {
    empty: floors.filter((floor) => !files.some((file) => floorOf(file) === floor)),
    homeless: files.filter((file) => !floors.includes(floorOf(file))),
  };
}

/** The imports of a `_private.ts` from outside the folder in which it stands. */
export function foreignSecrets(house: House): string[] {
  return imports(
    house,
    (file, target) =>
      /(^|\/)_[^/]+$/.test(target) && !file.startsWith(target.replace(/[^/]+$/, "")),
  );
}

/** The imports of which something is true. */
function imports(house: House, wanted: (file: string, target: string) => boolean): string[] {
  return [...house].flatMap(([file, targets]) =>
    targets.filter((target) => wanted(file, target)).map((target) => `${file} → ${target}`)
  );
}
