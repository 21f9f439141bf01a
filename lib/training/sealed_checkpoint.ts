import { readHeader } from "dlm/files/safetensors_header.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type EncodeOptions,
} from "dlm/training/checkpoint_format.ts";

// A checkpoint on a disk has a checksum in its metadata, so that no damage goes unnoticed: the SHA-256
// of the whole file, computed while zeros stood in its place.

/** What stands in the place of a checksum while it is computed. */
const BLANK = "0".repeat(64);

/**
 * The bytes of a checkpoint's file with their checksum; otherwise as {@linkcode encodeCheckpoint}.
 *
 * @throws {RangeError} if a number is not finite
 */
export async function sealCheckpoint(
  checkpoint: Checkpoint,
  options: Pick<EncodeOptions, "half"> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const file = encodeCheckpoint(checkpoint, { ...options, checksum: BLANK });
  replace(file, BLANK, await sha256(file));
  return file;
}

/**
 * The checkpoint in a file's bytes, compared with their checksum; files of earlier versions and of
 * other programs have none.
 *
 * @throws {Error} if it is none; the message goes on after the file's name and a colon
 */
export async function openCheckpoint(file: Uint8Array<ArrayBuffer>): Promise<Checkpoint> {
  const checkpoint = decodeCheckpoint(file);
  const { checksum } = readHeader(file).metadata;
  if (checksum === undefined) return checkpoint;
  const blank = file.slice();
  replace(blank, checksum, BLANK);
  if (checksum === await sha256(blank)) return checkpoint;
  throw new RangeError("it is not as it was written: it was damaged or changed, so copy it again.");
}

/** How many bytes the checksum is found in: it is the first of the metadata, which come first. */
const BEGINNING = 200;

/** Replaces a text in the beginning of a file by another of its length. */
function replace(file: Uint8Array<ArrayBuffer>, text: string, by: string): void {
  const place = new TextDecoder("latin1").decode(file.subarray(0, BEGINNING)).indexOf(text);
  if (place >= 0) new TextEncoder().encodeInto(by, file.subarray(place));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
