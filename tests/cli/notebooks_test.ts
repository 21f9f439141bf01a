import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  codeCell,
  codeCells,
  DENO_METADATA,
  parseNotebook,
  writeNotebook,
} from "dlm/jupyter/notebook.ts";
import { inFolder } from "../_support.ts";
import { createNotebook } from "../jupyter/_notebooks.ts";

// These run notebooks, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const project = new URL("../../", import.meta.url);

/** Runs a command of the project, or of a copy of it; its exit code and what it said on stderr. */
async function run(command: string, args: readonly string[], root = fileURLToPath(project)) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "-A", `${root}/lib/cli/${command}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr).trim() };
}

Deno.test(
  "notebooks --write stores the outputs in the notebook",
  { ignore },
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/stored.ipynb`;
      await writeNotebook(path, { ...createNotebook([codeCell("c", "1 + 1")]), metadata: {} });
      const { code, stderr } = await run("notebooks", ["--write", path]);
      assert.equal(code, 0, stderr);
      const notebook = parseNotebook(await Deno.readTextFile(path), path);
      assert.equal(codeCells(notebook)[0]!.outputs.length, 1);
      assert.deepEqual(notebook.metadata, DENO_METADATA);
    }),
);

Deno.test(
  "notebooks --write leaves a notebook alone that was saved meanwhile",
  { ignore },
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/edited.ipynb`;
      const edit = 'await Deno.writeTextFile("edited.ipynb", "as the reader saved it")';
      await writeNotebook(path, createNotebook([codeCell("c", edit)]));
      const { code, stderr } = await run("notebooks", ["--write", path]);
      assert.equal(code, 1);
      assert.match(stderr, /edited\.ipynb was saved by somebody else meanwhile and stays as it is/);
      assert.equal(await Deno.readTextFile(path), "as the reader saved it");
    }),
);

Deno.test(
  "notebooks --write takes no notebook that is not UTF-8, of which it would lose characters",
  { ignore },
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/latin.ipynb`;
      await Deno.writeFile(path, Uint8Array.of(0x22, 0xe9, 0x22));
      const { code, stderr } = await run("notebooks", ["--write", path]);
      assert.equal(code, 2);
      assert.match(stderr, /latin\.ipynb is not UTF-8 text: save it as UTF-8 first\.$/);
      assert.deepEqual(await Deno.readFile(path), Uint8Array.of(0x22, 0xe9, 0x22));
    }),
);

Deno.test(
  "notebooks and cells say where a cell cannot be parsed",
  { ignore },
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/mistyped.ipynb`;
      await writeNotebook(
        path,
        createNotebook([codeCell("a", "1"), codeCell("b", "\nconst y = ;")]),
      );
      const ran = await run("notebooks", [path]);
      assert.equal(ran.code, 1);
      assert.match(ran.stderr, /code cell 2 .* failed\.\n.*line 2, column 11: Expression expected/);
      assert.deepEqual(await run("workshop/cells", [path]), {
        code: 1,
        stderr: "mistyped, code cell 2, line 2, column 11: Expression expected.",
      });
    }),
);

Deno.test(
  "notebooks and cells try first whether they may write",
  { ignore },
  () =>
    inFolder(async (folder) => {
      for (const part of ["lib", "data", "notebooks", "deno.json"]) {
        await Deno.symlink(fileURLToPath(new URL(part, project)), `${folder}/${part}`);
      }
      await Deno.writeTextFile(`${folder}/build`, "a file where a folder should be");
      const path = `${folder}/a.ipynb`;
      await writeNotebook(
        path,
        createNotebook([codeCell("c", 'Deno.writeTextFileSync("ran", "")')]),
      );
      for (const command of ["notebooks", "workshop/cells"]) {
        const { code, stderr } = await run(command, [path], folder);
        assert.equal(code, 1);
        assert.match(stderr, /^Cannot write to the folder [^\n]*\.$/);
      }
      await assert.rejects(Deno.stat(`${folder}/ran`), Deno.errors.NotFound);
    }),
);

Deno.test("notebooks does not take a limit that --stop would not keep", { ignore }, async () => {
  const { code, stderr } = await run("notebooks", ["01", "--stop", "--timeout", "5"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^--stop waits no longer than a minute for any cell: leave out --timeout\.$/m,
  );
});
