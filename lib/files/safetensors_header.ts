import {
  check,
  checkHeaderLength,
  checkMetadata,
  checkName,
  checkShape,
  type Dtype,
  isCounts,
  isObject,
  METADATA,
  quote,
  SafetensorsError,
} from "dlm/files/_safetensors_rules.ts";

/** What a safetensors file says of itself, checked. */
export interface SafetensorsHeader {
  /** Where the header ends and the numbers begin, in bytes from the file's beginning. */
  end: number;
  /** The tensors in the order in which they lie in the file. */
  tensors: HeaderEntry[];
  /** The texts by name. */
  metadata: Record<string, string>;
}

/** What the header says of a tensor. */
export interface HeaderEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  /** Where its numbers begin, in bytes from the file's beginning … */
  begin: number;
  /** … and where they end, exclusive. */
  end: number;
}

/**
 * Reads the header of a file, and no number.
 *
 * @param bytes the whole file, which the tensors must cover
 * @throws {SafetensorsError} if the file breaks the format anywhere, or holds a dtype
 * other than F32 and F16
 */
export function readHeader(bytes: Uint8Array): SafetensorsHeader {
  const [text, start] = readText(bytes);
  const { [METADATA]: metadata = {}, ...rest } = parseHeader(text);
  checkMetadata(metadata);
  const entries = Object.entries(rest).map(readEntry);
  checkTiling(entries, bytes.length - start);
  const tensors = entries.map(({ begin, end, ...entry }) => ({
    ...entry,
    begin: start + begin,
    end: start + end,
  }));
  return { end: start, tensors, metadata };
}

/**
 * Reads the texts of a header alone.
 *
 * @param bytes the file's beginning, at least to the end of the header
 * @throws {SafetensorsError} if the header breaks the format, or not all of it is there
 */
export function readMetadata(bytes: Uint8Array): Record<string, string> {
  const [text] = readText(bytes);
  const { [METADATA]: metadata = {} } = parseHeader(text);
  checkMetadata(metadata);
  return metadata;
}

/** The header's text, and where it ends. */
function readText(bytes: Uint8Array): [text: string, end: number] {
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
    return [decoder.decode(bytes.subarray(8, start)), start];
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

/** One tensor of the header, right in itself; its bytes count from the end of the header. */
function readEntry([name, entry]: [string, unknown]): HeaderEntry {
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
function checkTiling(entries: HeaderEntry[], length: number): void {
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
