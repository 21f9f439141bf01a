/** What a path that somebody gave should lead to, for the sentences that say why it does not. */
export interface Expected {
  /** Such as "a text file". */
  what: string;
  /** What to do if nothing is there, such as "train one with deno task train". */
  missing: string;
  /** How many bytes it may have.
   * @default {Infinity}
   */
  most?: number | undefined;
  /** How many of its first bytes are wanted; all, if left out. */
  first?: number | undefined;
}

/**
 * The bytes of a file whose path somebody gave. Only a plain file is read, and only if it is not too
 * large: a device or a pipe may never end.
 *
 * @throws {RangeError} if it cannot be read, with a sentence that says why
 */
export async function readGivenFile(
  path: string,
  expected: Expected,
): Promise<Uint8Array<ArrayBuffer>> {
  const { what, most = Infinity, first = Infinity } = expected;
  try {
    const { isDirectory, isFile, size } = await Deno.stat(path);
    if (isDirectory) throw new RangeError(`${path} is a folder: give the path of ${what} in it.`);
    if (!isFile) throw new RangeError(`${path} is a device or a pipe: give the path of ${what}.`);
    if (size > most) {
      throw new RangeError(
        `${path} has ${amount(size)}, and ${what} may have ${amount(most)}: give a smaller one.`,
      );
    }
    return first < size ? await readBeginning(path, first) : await Deno.readFile(path);
  } catch (error) {
    throw error instanceof RangeError ? error : new RangeError(explain(path, error, expected));
  }
}

async function readBeginning(path: string, length: number): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, await file.read(bytes) ?? 0);
}

/** Why the system did not let a path be read, as a sentence. */
function explain(path: string, error: unknown, { what, missing }: Expected): string {
  if (error instanceof Deno.errors.NotFound) return `There is no file ${path}: ${missing}.`;
  const reason = error instanceof Error ? error.message : String(error);
  const short = reason.replace(/^(.*?): .*$/s, "$1"); // without the path, which Deno appends
  return `${path} cannot be read (${short}): give the path of ${what} that can.`;
}

function amount(bytes: number): string {
  return bytes < 1e6 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}
