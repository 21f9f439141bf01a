import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inFolder } from "../_support.ts";
import { type Machine, machineIn, outcome } from "./_machine.ts";

// These start processes and install shell scripts, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted" ||
  Deno.build.os === "windows";

const project = new URL("../../", import.meta.url);

/** The text, where it has been downloaded. */
const genuine = ignore ? undefined : await Deno.readTextFile(
  new URL("data/cache/tinyshakespeare.txt", project),
).catch(() => undefined);

interface Row {
  name: string;
  ok: boolean;
  found: string;
  advice?: string;
}

/** A copy of the project that has a cache of its own, in a folder. */
async function copyProject(root: string): Promise<void> {
  await Deno.mkdir(`${root}/data/cache`, { recursive: true });
  for (const part of ["lib", "deno.json", "deno.lock", "data/corpora.json", "data/models"]) {
    await Deno.symlink(fileURLToPath(new URL(part, project)), `${root}/${part}`);
  }
}

/** What the doctor says, row by row. */
async function examine({ command }: Machine, root?: string): Promise<Row[]> {
  const { code, out, err } = await outcome(command("doctor", ["--json"], root));
  assert.equal(code, 0, err);
  return JSON.parse(out).checks;
}

Deno.test(
  "doctor looks into the text that is in the cache",
  { ignore },
  () =>
    inFolder(async (root) => {
      await copyProject(root);
      const machine = await machineIn(root);
      const file = `${root}/data/cache/tinyshakespeare.txt`;
      const corpus = async () =>
        (await examine(machine, root)).find(({ name }) => /corpus/i.test(name))!;

      assert.match((await corpus()).found, /not downloaded yet/);
      await Deno.writeTextFile(file, "garbage");
      const { ok, found, advice } = await corpus();
      assert.deepEqual([ok, found], [
        false,
        "data/cache/tinyshakespeare.txt is not tiny Shakespeare",
      ]);
      assert.match(advice!, /^Remove it/);
      await Deno.remove(file);
      await Deno.mkdir(file);
      const unreadable = await corpus();
      assert.deepEqual([unreadable.ok, /cannot be looked at/.test(unreadable.found)], [
        false,
        true,
      ]);
    }),
);

Deno.test(
  "doctor does not take a file with other line ends for the text",
  { ignore: genuine === undefined },
  () =>
    inFolder(async (root) => {
      await copyProject(root);
      const machine = await machineIn(root);
      for (
        const [text, expected] of [
          [genuine!, /^tiny Shakespeare is in data\/cache$/],
          [genuine!.replaceAll("\n", "\r\n"), /has other line ends than tiny Shakespeare$/],
        ] as const
      ) {
        await Deno.writeTextFile(`${root}/data/cache/tinyshakespeare.txt`, text);
        const row = (await examine(machine, root)).find(({ name }) => name === "Corpus")!;
        assert.match(row.found, expected);
        assert.equal(row.ok, text === genuine);
      }
    }),
);

Deno.test(
  "doctor runs what it finds: front ends, and the Deno of the kernelspec",
  { ignore },
  () =>
    inFolder(async (home) => {
      const machine = await machineIn(home);
      await machine.install("jupyter-lab", "exit 127"); // as a shim does whose program is not there
      await machine.install("jupyter-notebook", "echo 7.6.5");
      const install = new Deno.Command(Deno.execPath(), {
        args: ["jupyter", "--install", "--force"],
        env: { HOME: home, XDG_DATA_HOME: home },
      });
      assert.ok((await install.output()).success);
      const folders = [home, `${home}/.local/share`, `${home}/Library`];
      const specs = folders.map((data) => `${data}/jupyter/kernels/deno/kernel.json`);
      const found = await Promise.all(specs.map((path) => Deno.stat(path).catch(() => null)));
      const spec = specs[found.findIndex((info) => info !== null)]!;
      const kernel = async () => {
        const rows = await examine(machine);
        assert.equal(rows.find(({ name }) => name === "Front ends")!.found, "Jupyter Notebook");
        return rows.find(({ name }) => /kernel$/.test(name) && name !== "Kernels")!;
      };
      const use = async (program: string) => {
        const json = JSON.parse(await Deno.readTextFile(spec));
        json.argv[0] = program;
        await Deno.writeTextFile(spec, JSON.stringify(json));
      };

      assert.equal((await kernel()).ok, true);
      await use(`${home}/gone`);
      assert.match((await kernel()).found, /its Deno is gone: .*gone$/);
      await machine.install("old-deno", "echo 'deno 2.8.3 (stable, release)'");
      await use(`${home}/old-deno`);
      const old = await kernel();
      assert.deepEqual([old.ok, /2\.9\.1 or later/.test(old.advice!)], [false, true]);
      await Deno.writeTextFile(spec, "{");
      assert.match((await kernel()).found, /cannot be looked at/);
    }),
);
