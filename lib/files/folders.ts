import { WriteError } from "dlm/files/atomic.ts";

/**
 * Makes a folder, if need be, and tries whether files can be written to it: before the work of
 * minutes, and not after it.
 *
 * @throws {WriteError} if they cannot
 */
export async function assertWritable(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.remove(await Deno.makeTempFile({ dir: folder }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WriteError(
      `Cannot write to the folder ${folder} (${reason}): give it room and yourself the right to write.`,
      { cause },
    );
  }
}
