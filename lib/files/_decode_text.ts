/**
 * The text in a file's bytes, if it is UTF-8; a byte order mark at its beginning is left out.
 *
 * @param name of the file, for the sentences
 * @throws {RangeError} if it is none, with a sentence that says what it is instead
 */
export async function decodeText(name: string, bytes: Uint8Array): Promise<string> {
  const encoding = byteOrderMark(bytes);
  if (encoding) throw new RangeError(`${name} is ${encoding} text: save it as UTF-8 text first.`);
  const text = decodeUtf8(bytes);
  if (text === undefined || MARKED.test(text.slice(0, 8))) {
    throw new RangeError(`${name} is ${await whatItIs(bytes)}: save it as UTF-8 text first.`);
  }
  const share = shareOfControls(text);
  if (share > MOST_CONTROLS) {
    throw new RangeError(
      `${name} is ${(100 * share).toFixed(0)} % control characters, ` +
        `like UTF-16 text without a byte order mark: save it as UTF-8 text first.`,
    );
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function byteOrderMark([a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? "UTF-32" : "UTF-16";
  if (a === 0xfe && b === 0xff) return "UTF-16";
}

/** How the files of programs begin that can be valid UTF-8. */
// deno-lint-ignore no-control-regex -- such is the beginning of a zip file
const MARKED = /^(?:%PDF-|\{\\rtf|%!PS-|PK\x03\x04)/;

/** The kind of a file that is no text, such as "a docx file (application/…), not text". */
async function whatItIs(bytes: Uint8Array): Promise<string> {
  const { fileTypeFromBuffer } = await import("file-type"); // few ever need it
  const type = await fileTypeFromBuffer(bytes);
  return type
    ? `a file of the kind ${type.ext} (${type.mime}), not text`
    : "not UTF-8 text, but perhaps Latin-1 or Windows-1252";
}

/** Text has a stray one at most; a tenth of it, and it was written in another encoding. */
const MOST_CONTROLS = 0.1;

/** How much of a text's beginning is control characters that no text needs. */
function shareOfControls(text: string): number {
  const beginning = text.slice(0, 65_536);
  const found = beginning.match(CONTROLS)?.length ?? 0;
  return found / Math.max(1, beginning.length);
}

// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1f\x7f]/g;
