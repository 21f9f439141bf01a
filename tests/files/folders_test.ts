import assert from "node:assert/strict";
import { WriteError } from "dlm/files/atomic.ts";
import { assertWritable } from "dlm/files/folders.ts";
import { inFolder } from "../_support.ts";

// This writes files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test(
  "assertWritable() makes a folder and leaves nothing in it",
  { ignore },
  () =>
    inFolder(async (folder) => {
      for (let time = 0; time < 2; time++) {
        await assertWritable(`${folder}/a/b`);
        assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/a/b`)), []);
      }
    }),
);

Deno.test(
  "assertWritable() throws where a file is in the way",
  { ignore },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/a`, "");
      await assert.rejects(
        assertWritable(`${folder}/a/b`),
        (error) =>
          error instanceof WriteError && /Cannot write to the folder .*a\/b/.test(error.message),
      );
    }),
);
