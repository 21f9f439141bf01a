import assert from "node:assert/strict";
import { claimRunFolder, makeRunFolder } from "dlm/training/run_folder.ts";
import { loadCheckpoint, saveCheckpoint } from "dlm/training/checkpoint.ts";
import { inFolder } from "../_support.ts";
import { finished } from "./_checkpoints.ts";

// These write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

const leftover = "checkpoint.safetensors.01234567-89ab-cdef-0123-456789abcdef.tmp";

Deno.test("claimRunFolder() makes the folder, and lets nobody else in until it is disposed of", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/new/run`;
    {
      await using claimed = await claimRunFolder(path);
      assert.equal(claimed.checkpoint, `${path}/checkpoint.safetensors`);
      await assert.rejects(claimRunFolder(path), {
        name: "RangeError",
        message: /^Another process trains in .*run: .*\.$/,
      });
    }
    await using _ = await claimRunFolder(path);
  });
});

Deno.test("claimRunFolder() removes what a killed writer left; whoever saves removes nothing", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/${leftover}`, "");
    await saveCheckpoint(`${folder}/checkpoint.safetensors`, finished);
    assert((await Deno.stat(`${folder}/${leftover}`)).isFile);
    await using _ = await claimRunFolder(folder);
    await assert.rejects(Deno.stat(`${folder}/${leftover}`), Deno.errors.NotFound);
  });
});

Deno.test("claimRunFolder() leaves everything as it was where nothing was saved", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    for (const path of [`${folder}/new`, folder]) {
      await using _ = await claimRunFolder(path);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    {
      await using claimed = await claimRunFolder(`${folder}/new`);
      await saveCheckpoint(claimed.checkpoint, finished);
    }
    await loadCheckpoint(`${folder}/new/checkpoint.safetensors`);
  });
});

Deno.test("claimRunFolder() throws if the folder is a file", { ignore }, async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(claimRunFolder(`${folder}/file`), {
      name: "WriteError",
      message: /^A run cannot be kept in .*\.$/,
    });
  });
});

Deno.test("makeRunFolder() makes the first that is not there, and throws if none can be made", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/runs/a-1`, { recursive: true });
    await using second = await makeRunFolder("a", `${folder}/runs`);
    assert.equal(second.checkpoint, `${folder}/runs/a-2/checkpoint.safetensors`);
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(makeRunFolder("a", `${folder}/file`), {
      name: "WriteError",
      message: /^A run cannot be kept in .*\.$/,
    });
  });
});

Deno.test("claimRunFolder() is not content with a lock on a file that has gone", {
  ignore: ignore || Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    const { open } = Deno;
    Deno.open = async (path, options) => {
      const file = await open(path, options);
      await Deno.remove(path); // as whoever trained there does at the end
      return file;
    };
    try {
      await assert.rejects(claimRunFolder(folder), {
        name: "RangeError",
        message: /Another process/,
      });
    } finally {
      Deno.open = open;
    }
    await using run = await claimRunFolder(folder);
    assert.match(run.checkpoint, /checkpoint\.safetensors$/);
  }));
