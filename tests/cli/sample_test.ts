import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { saveCheckpoint } from "dlm/training/checkpoint.ts";
import { inFolder, randomParameters, TINY } from "../_support.ts";

// These start processes and write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const SCRIPT = new URL("../../lib/cli/sample.ts", import.meta.url).href;
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

const WRITTEN = /^[\nabc ]{6}$/;

/** Runs a test in a folder with a model that knows five characters, and writes six. */
function withModel(run: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await saveCheckpoint(`${folder}/model.safetensors`, {
      version: "1.2.3",
      config: TINY,
      characters: ["\n", " ", "a", "b", "c"],
      corpus: { name: "letters", sha256: "" },
      average: randomParameters(TINY, 1),
    });
    await run(folder);
  });
}

/** Starts the command in a folder. */
function start(folder: string, args: readonly string[], script = SCRIPT): Deno.ChildProcess {
  const options = ["--no-check", "--quiet", "-A", "--config", CONFIG];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...options, script, "--model=model.safetensors", ...args],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Its exit code and what it printed. */
async function end(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

Deno.test(
  "sample says how to give a line end that the shell has not made one",
  { ignore },
  () =>
    withModel(async (folder) => {
      const { code, stdout, stderr } = await end(start(folder, ["--prompt=a\\n"]));
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^The prompt has a backslash .+, as in --prompt \$'ROMEO:\\n'\.\n$/);
    }),
);

Deno.test(
  "sample prints the text also where its animation cannot be written",
  { ignore },
  () =>
    withModel(async (folder) => {
      await Deno.writeTextFile(`${folder}/file`, "");
      const { code, stdout, stderr } = await end(start(folder, ["--gif=file/no.gif"]));
      assert.equal(code, 1, stderr);
      assert.match(stdout.slice(0, -1), WRITTEN);
    }),
);

Deno.test(
  "sample says in JSON that it was not stopped",
  { ignore },
  () =>
    withModel(async (folder) => {
      const { code, stdout, stderr } = await end(start(folder, ["--json", "--count=2"]));
      assert.equal(code, 0, stderr);
      const { texts, stopped } = JSON.parse(stdout);
      assert.deepEqual([texts.length, stopped], [2, false]);
      for (const text of texts) assert.match(text, WRITTEN);
    }),
);

Deno.test(
  "sample says that its text is safer than the model's own, unless another temperature is chosen",
  { ignore },
  () =>
    withModel(async (folder) => {
      const said = async (args: string[]) => {
        const { stdout, stderr } = await end(start(folder, ["--seed=5", ...args]));
        return { safe: /safer than the model's own distribution/.test(stderr), stdout };
      };
      const [usual, safe, own] = [
        await said([]),
        await said(["--temperature=0.8"]),
        await said(["--temperature=1"]),
      ];
      assert.deepEqual([usual.safe, own.safe], [true, false]);
      assert.equal(usual.stdout, safe.stdout);
    }),
);

/** The command, with a sign when it listens for Ctrl-C, which would only end it before. */
const listening = `
  const { addSignalListener } = Deno;
  Deno.addSignalListener = (...listener) => {
    addSignalListener(...listener);
    Deno.writeTextFileSync("listening", "");
  };
  await import(${JSON.stringify(SCRIPT)});
`;

Deno.test(
  "sample that is stopped prints what there is, says so, and exits with 130",
  { ignore: ignore || Deno.build.os === "windows" }, // which has no SIGINT to send
  () =>
    withModel(async (folder) => {
      const script = `${folder}/listening.ts`;
      await Deno.writeTextFile(script, listening);
      const stop = async (...args: string[]) => {
        const child = start(folder, ["--steps=1000000000", ...args], script);
        let ended = false;
        child.status.then(() => ended = true);
        while (!ended && !await Deno.stat(`${folder}/listening`).catch(() => undefined)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        if (ended) return await end(child); // which says why
        await Deno.remove(`${folder}/listening`);
        child.kill("SIGINT");
        return await end(child);
      };
      const { code, stdout, stderr } = await stop();
      assert.equal(code, 130, stderr);
      assert.match(stdout, /^[\nabc ▒]*▒[\nabc ▒]*\n$/);
      assert.match(stderr, /^Stopped with \d of 6 characters still masked\.\n$/);

      const json = await stop("--json");
      assert.equal(json.code, 130, json.stderr);
      const { texts, stopped } = JSON.parse(json.stdout);
      assert.deepEqual([texts.length, stopped], [1, true]);
      assert.match(texts[0], /▒/);
    }),
);
