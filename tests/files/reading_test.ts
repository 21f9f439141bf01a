import assert from "node:assert/strict";
import { readGivenFile } from "dlm/files/reading.ts";
import { inFolder } from "../_support.ts";

// These make files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted" ||
  Deno.build.os === "windows";

const expected = { what: "a text file", missing: "write one first", most: 8 };

Deno.test(
  "readGivenFile() gives the bytes of a plain file",
  { ignore },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text`, "be horse");
      const bytes = await readGivenFile(`${folder}/text`, expected);
      assert.equal(new TextDecoder().decode(bytes), "be horse");
    }),
);

Deno.test(
  "readGivenFile() says in one sentence why a path leads to nothing",
  { ignore },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/long`, "be a horse");
      await Deno.symlink(`${folder}/round`, `${folder}/round`);
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      const refusals: [path: string, sentence: RegExp][] = [
        [`${folder}/missing`, /^There is no file .+missing: write one first\.$/],
        [folder, /is a folder: give the path of a text file in it\.$/],
        [`${folder}/pipe`, /is a device or a pipe: give the path of a text file\.$/],
        ["/dev/zero", /is a device or a pipe/],
        [`${folder}/long`, /has 10 bytes, and a text file may have 8 bytes: give a smaller one\.$/],
        [`${folder}/long/`, /cannot be read \(Not a directory \(os error \d+\)\): give the path/],
        [`${folder}/round`, /cannot be read \(Too many levels of symbolic links/],
        ["a".repeat(5000), /cannot be read \(File name too long/],
        ["a\0b", /cannot be read \(file name contained an unexpected NUL byte\)/],
      ];
      for (const [path, message] of refusals) {
        await assert.rejects(readGivenFile(path, expected), { name: "RangeError", message });
      }
    }),
);
