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

import {
  check,
  checkHeaderLength,
  checkMetadata,
  checkName,
  checkShape,
  type Dtype,
  METADATA,
  quote,
} from "dlm/files/_safetensors_rules.ts";
import { readHeader } from "dlm/files/safetensors_header.ts";

export {
  MAX_HEADER_BYTES,
  SafetensorsError,
  type SafetensorsErrorCode,
} from "dlm/files/_safetensors_rules.ts";

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
  const { tensors: entries, metadata } = readHeader(bytes);
  const tensors = entries.map(({ name, dtype, shape, begin, end }) => {
    const { buffer } = new Uint8Array(bytes.subarray(begin, end)); // a copy is aligned
    const numbers = dtype === "F32" ? new Float32Array(buffer) : new Float16Array(buffer);
    return [name, { shape, data: numbers }] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** The wider numbers first, so that each array lies at a multiple of its width; then by name. */
function widestFirst(
  [nameA, a]: [string, StoredTensor],
  [nameB, b]: [string, StoredTensor],
): number {
  const wider = b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT;
  return wider || (nameA < nameB ? -1 : 1);
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
