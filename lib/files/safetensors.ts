/**
 * Safetensors, the file format of our weights and of most published models: named
 * arrays behind a header that says what each one is and where it lies.
 *
 * ```text
 * 8 bytes   N, the length of the header (unsigned, little-endian)
 * N bytes   the header: a JSON object in UTF-8, padded with spaces so that 8 divides N
 *             { "__metadata__": { "step": "400" },          texts by name; may be absent
 *               "embedding": { "dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24] },
 *               "bias":      { "dtype": "F16", "shape": [2],    "data_offsets": [24, 28] } }
 * the rest  the numbers, little-endian and row by row; offsets count from here, in
 *           bytes, the end exclusive
 * ```
 *
 * The tensors tile the rest of the file: they leave no byte over and share none. So a
 * file cannot ask for more memory than it brings, and whatever in it does not fit has
 * an error of its own, a {@linkcode SafetensorsErrorCode}. The format is that of
 * github.com/huggingface/safetensors, which opens the files written here.
 *
 * @module
 */

/**
 * A tensor as it lies in a file. The class of its array is its dtype: `Float32Array`
 * is F32, `Float16Array` is F16 (`Float32Array.from(data)` widens one).
 */
export interface StoredTensor {
  shape: readonly number[];
  /** The numbers, row by row. */
  data: Float32Array | Float16Array;
}

/** What {@linkcode decodeSafetensors} finds in a file. */
export interface SafetensorsContent {
  tensors: Record<string, StoredTensor>;
  metadata: Record<string, string>;
}

/** What is wrong with a file, or with what was to become one. */
export type SafetensorsErrorCode =
  | "too-short"
  | "header-too-large"
  | "header-past-end"
  | "header-not-utf8"
  | "header-not-object"
  | "header-not-json"
  | "duplicate-name"
  | "bad-name"
  | "bad-metadata"
  | "bad-entry"
  | "unknown-dtype"
  | "bad-offsets"
  | "offsets-reversed"
  | "bad-shape"
  | "shape-overflow"
  | "size-mismatch"
  | "overlap"
  | "gap"
  | "past-end"
  | "trailing-bytes";

/** The one error of this module: `code` for programs, `message` for people. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";

  constructor(
    readonly code: SafetensorsErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The longest header that is read or written, in bytes: room for ten thousand tensors.
 * There is a bound because parsed JSON can take thirty times the memory of its text.
 */
export const MAX_HEADER_BYTES = 1_000_000;

const METADATA = "__metadata__";

const WIDTHS = { F32: 4, F16: 2 }; // bytes an element
type Dtype = keyof typeof WIDTHS;

/** A tensor of the header, checked. */
interface Entry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * The bytes of a file with these tensors and texts.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "dlm/files/safetensors.ts";
 * import assert from "node:assert/strict";
 *
 * const bias = { shape: [2], data: new Float16Array([0.5, -1]) };
 * const file = encodeSafetensors({ bias }, { step: "400" });
 * assert.deepEqual(decodeSafetensors(file).tensors.bias, bias);
 * ```
 *
 * @throws {SafetensorsError} if a shape does not fit its data, if a name or a text has
 * half a character (a lone surrogate), if a tensor is called `__metadata__`, or if the
 * header grows larger than {@linkcode MAX_HEADER_BYTES}
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  checkMetadata(metadata);
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([METADATA, metadata]);
  const sorted = Object.entries(tensors).sort(widestFirst);
  let end = 0;
  for (const [name, { shape, data }] of sorted) {
    checkName(name);
    const dtype = dtypeOf(name, data);
    checkShape(name, dtype, shape, data.byteLength);
    const data_offsets = [end, end += data.byteLength];
    header.push([name, { dtype, shape, data_offsets }]);
  }

  const json = JSON.stringify(Object.fromEntries(header));
  const utf8 = new TextEncoder().encode(json);
  const headerLength = Math.ceil(utf8.length / 8) * 8;
  checkHeaderLength(BigInt(headerLength));
  let at = 8 + headerLength;
  const file = new Uint8Array(at + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, at).set(utf8, 8);
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/**
 * The tensors and texts in the bytes of a file. They are copies: `bytes` may be reused.
 *
 * @throws {SafetensorsError} if the file breaks the format anywhere, or holds a dtype
 * other than F32 and F16
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const [text, data] = split(bytes);
  const { [METADATA]: metadata = {}, ...rest } = parseHeader(text);
  checkMetadata(metadata);
  const entries = Object.entries(rest).map(readEntry);
  checkTiling(entries, data.length);

  const tensors = entries.map(({ name, dtype, shape, begin, end }) => {
    const { buffer } = new Uint8Array(data.subarray(begin, end)); // a copy is aligned
    const numbers = dtype === "F32" ? new Float32Array(buffer) : new Float16Array(buffer);
    return [name, { shape, data: numbers }] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** The header's text, and the bytes behind the header. */
function split(bytes: Uint8Array): [string, Uint8Array] {
  const { buffer, byteOffset, length } = bytes;
  check(
    length >= 8,
    "too-short",
    `The file has ${length} bytes, fewer than the 8 that every safetensors file begins with: it was cut short, so copy it again.`,
  );
  const stated = new DataView(buffer, byteOffset, length).getBigUint64(0, true);
  checkHeaderLength(stated);
  const start = 8 + Number(stated);
  check(
    start <= length,
    "header-past-end",
    `The header should end at byte ${start} but the file ends at ${length}: it was cut short, so copy it again.`,
  );
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return [decoder.decode(bytes.subarray(8, start)), bytes.subarray(start)];
  } catch (cause) {
    throw new SafetensorsError(
      "header-not-utf8",
      "The header is not UTF-8 text: the file is damaged, so copy it again.",
      { cause },
    );
  }
}

/** The header's object, of which nothing is known yet but that no name stands in it twice. */
function parseHeader(text: string): Record<string, unknown> {
  check(
    text.startsWith("{"),
    "header-not-object",
    "The header does not begin with {, as a JSON object must: this may be another kind of file, so check where it comes from.",
  );
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(
      "header-not-json",
      "The header is not valid JSON: the file is damaged, so copy it again.",
      { cause },
    );
  }
  const twice = findDuplicate(text);
  check(
    twice === undefined,
    "duplicate-name",
    `The name ${twice} stands twice in an object of the header: write the file again with each name once.`,
  );
  return header;
}

/**
 * A name that stands twice in an object of this (valid) JSON, in quotes, if there is
 * one: `JSON.parse` keeps the last of them and says nothing.
 */
function findDuplicate(json: string): string | undefined {
  const open: Set<string>[] = []; // the names so far, for each object around this place
  let string = "";
  for (const [token] of json.matchAll(/"(?:\\.|[^"\\])*"|[{}:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token !== ":") string = token;
    else {
      const name: string = JSON.parse(string); // "a" and "\u0061" are the same name
      const names = open.at(-1)!;
      if (names.has(name)) return quote(name);
      names.add(name);
    }
  }
}

/** One tensor of the header, right in itself. */
function readEntry([name, entry]: [string, unknown]): Entry {
  checkName(name);
  const tensor = quote(name);
  check(
    isObject(entry) &&
      Object.keys(entry).sort().join() === "data_offsets,dtype,shape",
    "bad-entry",
    `The header must give dtype, shape and data_offsets of ${tensor} and nothing else: write the file again with these.`,
  );
  const { dtype, shape, data_offsets: offsets } = entry;
  check(
    dtype === "F32" || dtype === "F16",
    "unknown-dtype",
    `The tensor ${tensor} is neither F32 nor F16: convert it to one of these where the file was written.`,
  );
  check(
    isCounts(offsets) && offsets.length === 2,
    "bad-offsets",
    `The data_offsets of ${tensor} are not two whole numbers: write the file again with the bytes at which it begins and ends.`,
  );
  const [begin, end] = offsets as [number, number];
  check(
    begin <= end,
    "offsets-reversed",
    `The tensor ${tensor} begins at byte ${begin}, after its end at ${end}: write the file again with its offsets in order.`,
  );
  checkShape(name, dtype, shape, end - begin);
  return { name, dtype, shape, begin, end };
}

/** Together the tensors cover the data: each begins where the one before it ends. */
function checkTiling(entries: Entry[], length: number): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    const tensor = quote(name);
    check(
      begin >= covered,
      "overlap",
      `The tensor ${tensor} begins at byte ${begin}, inside one that ends at ${covered}: write the file again with every byte in one tensor.`,
    );
    check(
      begin === covered,
      "gap",
      `The bytes from ${covered} to ${begin}, before ${tensor}, are in no tensor: write the file again without them.`,
    );
    covered = end;
  }
  check(
    covered <= length,
    "past-end",
    `The tensors need ${covered} bytes but the file has only ${length} for them: it was cut short, so copy it again.`,
  );
  check(
    covered === length,
    "trailing-bytes",
    `The last ${
      length - covered
    } bytes of the file are in no tensor: it is damaged, so copy it again.`,
  );
}

// What holds for a file that is read and for one that is written:

function checkHeaderLength(length: bigint): void {
  check(
    length <= MAX_HEADER_BYTES,
    "header-too-large",
    `The header has ${length} bytes, more than ${MAX_HEADER_BYTES}: check that this is a safetensors file, or write it with fewer or shorter names.`,
  );
}

function checkName(name: string): void {
  check(
    name !== METADATA && name.isWellFormed(),
    "bad-name",
    `A tensor cannot have the name ${quote(name)}: give it another, of whole characters.`,
  );
}

function checkMetadata(
  metadata: unknown,
): asserts metadata is Record<string, string> {
  const isText = (x: unknown) => typeof x === "string" && x.isWellFormed();
  check(
    isObject(metadata) && Object.entries(metadata).flat().every(isText),
    "bad-metadata",
    "The metadata must be texts by name, of whole characters: write anything else as a text, such as its JSON.",
  );
}

function checkShape(
  name: string,
  dtype: Dtype,
  shape: unknown,
  bytes: number,
): asserts shape is number[] {
  const tensor = quote(name);
  check(
    isCounts(shape),
    "bad-shape",
    `The shape of ${tensor} is not a list of whole numbers from 0 up: write one for each axis, such as [3, 2].`,
  );
  let needed = WIDTHS[dtype];
  check(
    shape.every((count) => Number.isSafeInteger(needed *= count)),
    "shape-overflow",
    `The shape of ${tensor} asks for more than 2^53 bytes: write one that fits its data.`,
  );
  check(
    needed === bytes,
    "size-mismatch",
    `The tensor ${tensor} has ${bytes} bytes but needs ${needed} for its shape in ${dtype}: write a shape that fits its data.`,
  );
}

function dtypeOf(name: string, data: unknown): Dtype {
  if (data instanceof Float32Array) return "F32";
  check(
    data instanceof Float16Array,
    "unknown-dtype",
    `The data of ${
      quote(name)
    } is neither a Float32Array nor a Float16Array: convert it to one of these.`,
  );
  return "F16";
}

/** The wider numbers first, so that each array lies at a multiple of its width; then by name. */
function widestFirst(
  [nameA, a]: [string, StoredTensor],
  [nameB, b]: [string, StoredTensor],
): number {
  const wider = b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT;
  return wider || (nameA < nameB ? -1 : 1);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && 1 / n > 0); // 1 / n: nor is -0 a count
}

/** A name for a message: in quotes, and not a page long. */
function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

function check(
  holds: boolean,
  code: SafetensorsErrorCode,
  message: string,
): asserts holds {
  if (!holds) throw new SafetensorsError(code, message);
}
