import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** A file could not be written: a sentence for people; the `cause` is the system's error. */
export class WriteError extends Error {
  override readonly name = "WriteError";
}

/** Options for {@linkcode writeFileAtomic}. */
export interface WriteOptions {
  /** Where to keep what the file held before, in the same folder; kept nowhere, if left out. */
  previous?: string;
}

/**
 * Writes a file, and its folder if need be, so that nobody ever finds half of it: after a crash, a kill or a full
 * disk it holds either all of the new bytes or exactly what it held before.
 *
 * A link stays a link, to a new file; permissions stay as they were.
 *
 * A process that is killed in the middle leaves a `….tmp` beside the file, which
 * nothing reads; see {@linkcode removeLeftovers}.
 *
 * @throws {WriteError} if the file cannot be written
 */
export async function writeFileAtomic(
  path: string | URL,
  bytes: Uint8Array,
  { previous }: WriteOptions = {},
): Promise<void> {
  const named = path instanceof URL ? fileURLToPath(path) : path;
  const target = await Deno.realPath(named).catch(() => named); // a link stays one
  const temporary = temporaryName(target);
  try {
    await Deno.mkdir(dirname(target), { recursive: true });
    await writeToDisk(temporary, bytes);
    await copyMode(target, temporary);
    if (previous) await keep(target, previous, temporaryName(named));
    await Deno.rename(temporary, target);
  } catch (cause) {
    await removeIfThere(temporary);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WriteError(
      `Cannot write ${bytes.length} bytes to ${named} (${reason}): make sure that its disk ` +
        `has room and its folder may be written to, then try again; the file is as it was before.`,
      { cause },
    );
  }
  await flushFolder(dirname(target));
}

/**
 * Removes what writers of this file left beside it when they were killed. Nobody may be
 * writing it at the time.
 */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  const folder = dirname(path);
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
  for (const name of names) {
    if (name.startsWith(prefix) && /^[-0-9a-f]{36}\.tmp$/.test(name.slice(prefix.length))) {
      await removeIfThere(`${folder}/${name}`);
    }
  }
}

/** A name beside the file, since no rename crosses disks. */
function temporaryName(target: string): string {
  return `${target}.${crypto.randomUUID()}.tmp`;
}

/**
 * Gives a file a second name, which it takes over from whatever had it, by way of a temporary one
 * that removeLeftovers finds; there may be no file yet.
 */
async function keep(target: string, previous: string, temporary: string): Promise<void> {
  try {
    await Deno.link(target, temporary)
      .catch(() => Deno.copyFile(target, temporary)); // not every file system has links
    await Deno.rename(temporary, previous);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  } finally {
    await removeIfThere(temporary); // a rename between two names of one file does nothing
  }
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {});
}

/** Gives a new file the permissions of the one whose place it takes, where there are such. */
async function copyMode(from: string, to: string): Promise<void> {
  const mode = await Deno.stat(from).then(({ mode }) => mode, () => null);
  if (mode !== null && Deno.build.os !== "windows") await Deno.chmod(to, mode & 0o777);
}

/** Writes and waits for the disk; else a power cut could keep the rename and lose the bytes. */
async function writeToDisk(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let done = 0; done < bytes.length;) {
    done += await file.write(bytes.subarray(done));
  }
  await file.sync();
}

/** Makes the rename last, where the system can: else a power cut may bring back the old file, whole. */
async function flushFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // Windows, some network disks, no permission to read the folder.
  }
}
