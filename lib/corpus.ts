import { createHash } from "node:crypto";
import corpora from "../data/corpora.json" with { type: "json" };
import { chosenText } from "dlm/files/choice.ts";
import { loadText, type LoadTextOptions } from "dlm/files/texts.ts";
import type { Rng } from "dlm/rng.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** A text ready for training: its vocabulary and its two splits as token ids. */
export interface Corpus {
  /** What to call it: a name of data/corpora.json, or the file's path. */
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
const TRAIN_SHARE = 0.9;

/**
 * Makes a corpus of a text. The split is by position, so that no validation window
 * overlaps with what was trained on.
 *
 * @throws {RangeError} if the text is empty
 */
export function createCorpus(name: string, text: string): Corpus {
  if (text.length === 0) {
    throw new RangeError(`${name} is empty: give a text with characters in it.`);
  }
  const tokenizer = CharTokenizer.fromText(text);
  const tokens = tokenizer.encode(text);
  const boundary = Math.floor(tokens.length * TRAIN_SHARE);
  return {
    name,
    text,
    sha256: sha256(text),
    tokenizer,
    train: tokens.subarray(0, boundary),
    validation: tokens.subarray(boundary),
  };
}

/**
 * Loads a corpus by name (`tinyshakespeare`, `moby-dick`) or any UTF-8 text file by path.
 *
 * @param nameOrPath if left out, what the reader chose, or else tiny Shakespeare
 *
 * A named text that has to be downloaded and cannot be is replaced by Moby-Dick, and
 * `onNotice` says so; see {@linkcode loadText}.
 *
 * @throws {RangeError} if there is no such name or file, or the file is no UTF-8 text, or empty
 */
export async function loadCorpus(
  nameOrPath?: string,
  options: LoadTextOptions = {},
): Promise<Corpus> {
  const { name, text } = await loadText(nameOrPath ?? await chosenText(), options);
  return createCorpus(name, text);
}

/**
 * The SHA-256 of a text as {@linkcode loadCorpus} would give it; for one that is known by name,
 * without loading it.
 */
export async function fingerprintOf(nameOrPath: string): Promise<string> {
  const known = corpora.find(({ name }) => name === nameOrPath);
  return known?.sha256 ?? sha256((await loadText(nameOrPath)).text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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
export function drawWindows(split: Int32Array, options: DrawWindowsOptions): Int32Array[] {
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
export function consecutiveWindows(split: Int32Array, length: number): Int32Array[] {
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
