// What holds for a safetensors file that is read and for one that is written, and the error
// that says what does not.

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

/** The one error of this format: `code` for programs, `message` for people. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";

  constructor(readonly code: SafetensorsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * The longest header that is read or written, in bytes: room for ten thousand tensors.
 * There is a bound because parsed JSON can take thirty times the memory of its text.
 */
export const MAX_HEADER_BYTES = 1_000_000;

/** The name in the header under which the texts stand. */
export const METADATA = "__metadata__";

const WIDTHS = { F32: 4, F16: 2 }; // bytes an element

/** What kind of numbers a tensor has. */
export type Dtype = keyof typeof WIDTHS;

/** The header is not too long. */
export function checkHeaderLength(length: bigint): void {
  check(
    length <= MAX_HEADER_BYTES,
    "header-too-large",
    `The header has ${length} bytes, more than ${MAX_HEADER_BYTES}: check that this is a safetensors file, or write it with fewer or shorter names.`,
  );
}

/** A tensor may have this name. */
export function checkName(name: string): void {
  check(
    name !== METADATA && name.isWellFormed(),
    "bad-name",
    `A tensor cannot have the name ${quote(name)}: give it another, of whole characters.`,
  );
}

/** The metadata are texts by name. */
export function checkMetadata(metadata: unknown): asserts metadata is Record<string, string> {
  const isText = (x: unknown) => typeof x === "string" && x.isWellFormed();
  check(
    isObject(metadata) && Object.entries(metadata).flat().every(isText),
    "bad-metadata",
    "The metadata must be texts by name, of whole characters: write anything else as a text, such as its JSON.",
  );
}

/** The shape is one, and what so many bytes hold in this dtype. */
export function checkShape(
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

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value of JSON is a list of whole numbers from 0 up. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && 1 / n > 0); // 1 / n: nor is -0 a count
}

/** A name for a message: in quotes, and not a page long. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

/** Throws the error of this format unless something holds. */
export function check(holds: boolean, code: SafetensorsErrorCode, message: string): asserts holds {
  if (!holds) throw new SafetensorsError(code, message);
}
