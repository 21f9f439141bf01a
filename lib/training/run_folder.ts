import { dirname, join, relative } from "node:path";
import { removeLeftovers, WriteError } from "dlm/files/atomic.ts";
import { RUNS } from "dlm/training/known_models.ts";

/**
 * A folder in which one process trains and no other: until it is disposed of, or its process ends.
 * If nothing was saved by then, it is as before.
 */
export interface RunFolder extends AsyncDisposable {
  /** Where the run's checkpoint is, or will be. */
  readonly checkpoint: string;
}

/** The folder of the reader's runs, seen from where we stand if it is below. */
export function runsFolder(): string {
  const path = relative(Deno.cwd(), RUNS);
  return path.startsWith("..") ? RUNS : path;
}

/**
 * Makes `NAME-1` in the folder of runs, or the first that is not there yet, and claims it.
 *
 * @throws {WriteError} if it cannot be made
 */
export async function makeRunFolder(name: string, runs = runsFolder()): Promise<RunFolder> {
  for (let n = 1;; n++) {
    const folder = join(runs, `${name}-${n}`);
    if (await make(folder)) return await claim(folder, { made: true });
  }
}

/**
 * Claims a folder for a run, and makes it if need be. What writers left there that were killed is
 * removed.
 *
 * @throws {RangeError} if another process trains in it
 * @throws {WriteError} if it cannot be written to
 */
export async function claimRunFolder(folder: string): Promise<RunFolder> {
  return await claim(folder, { made: await make(folder) });
}

async function claim(folder: string, { made }: { made: boolean }): Promise<RunFolder> {
  const lock = await openLock(folder);
  // Whoever trained here may just now have removed the file that we have locked; but Windows removes
  // none that is open.
  const isThere = async () =>
    Deno.build.os === "windows" ||
    (await Deno.stat(lockIn(folder))).ino === (await lock.stat()).ino;
  if (!await lock.tryLock(true) || !await isThere().catch(() => false)) {
    lock.close();
    throw new RangeError(
      `Another process trains in ${folder}: wait until it ends, or choose another --out.`,
    );
  }
  const checkpoint = checkpointIn(folder);
  await removeLeftovers(checkpoint);
  return {
    checkpoint,
    async [Symbol.asyncDispose]() {
      using _ = lock; // held until its file is gone, for else another could lock that
      if (await Deno.stat(checkpoint).then(() => true, () => false)) return;
      await Deno.remove(lockIn(folder)).catch(async () => {
        lock.close(); // before which Windows removes nothing
        await Deno.remove(lockIn(folder)).catch(() => {});
      });
      if (made) await Deno.remove(folder).catch(() => {}); // only if it is empty
    },
  };
}

/** Makes a folder, which only the first of several can do; whether it was us. */
async function make(folder: string): Promise<boolean> {
  const fail = (error: unknown) => {
    throw cannotTrain(folder, error);
  };
  await Deno.mkdir(dirname(folder), { recursive: true }).catch(fail);
  return await Deno.mkdir(folder).then(() => true, (error) => {
    return error instanceof Deno.errors.AlreadyExists ? false : fail(error);
  });
}

/** Where the checkpoint of a run in a folder is. */
export function checkpointIn(folder: string): string {
  return join(folder, "checkpoint.safetensors");
}

/**
 * The folder in `runs/` whose run was saved last.
 *
 * @throws {RangeError} if there is none
 */
export async function newestRunFolder(): Promise<string> {
  let newest: { folder: string; saved: number } | undefined;
  const runs = runsFolder();
  for (const { name } of await Array.fromAsync(Deno.readDir(runs)).catch(() => [])) {
    const folder = join(runs, name);
    const found = await Deno.stat(checkpointIn(folder)).catch(() => undefined);
    if (!found?.isFile) continue;
    const saved = Number(found.mtime);
    if (!newest || saved > newest.saved) newest = { folder, saved };
  }
  if (newest) return newest.folder;
  throw new RangeError(
    `There is no run in ${runs} to go on with: name the folder of another with --out.`,
  );
}

/**
 * The file that whoever trains in a folder holds locked. Beside a checkpoint it stays, since it may
 * soon be another's; the system unlocks it, even after a kill.
 */
async function openLock(folder: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(lockIn(folder), { create: true, write: true });
  } catch (error) {
    throw cannotTrain(folder, error);
  }
}

function lockIn(folder: string): string {
  return join(folder, ".lock");
}

function cannotTrain(folder: string, cause: unknown): WriteError {
  const reason = cause instanceof Error ? cause.message.replace(/: .*$/s, "") : String(cause);
  return new WriteError(
    `A run cannot be kept in ${folder} (${reason}): choose a folder that may be written to with --out.`,
    { cause },
  );
}
