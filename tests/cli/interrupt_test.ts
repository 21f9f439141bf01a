import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { inFolder } from "../_support.ts";

// This starts processes and writes files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

/** Waits until a file is there, or whoever is to write it has ended. */
async function appearance(path: string, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  while (!ended && !await Deno.stat(path).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test(
  "train ends on Ctrl-C with what it has learned, in Workers and without",
  { ignore },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text.txt`, "the quick brown fox ".repeat(100));
      const tiny = ["--layers=1", "--width=8", "--heads=1", "--preset=smoke", "--corpus=text.txt"];
      for (const workers of [0, 2]) {
        const out = `${folder}/run${workers}`;
        const script = fileURLToPath(new URL("../../lib/cli/train.ts", import.meta.url));
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "--no-check", "--quiet", "-A", script, ...tiny]
            .concat("--steps=1000000", "--json", `--workers=${workers}`, `--out=${out}`),
          cwd: folder,
          env: { INIT_CWD: folder },
          stdout: "piped",
          stderr: "piped",
        }).spawn();
        await appearance(`${out}/checkpoint.safetensors`, child); // saved after the first step
        child.kill("SIGINT");
        const { code, stdout, stderr } = await child.output(); // no Worker keeps it alive
        const said = new TextDecoder().decode(stderr).match(
          /^Stopped after step (\d+), which is saved: go on with deno task train --resume --out (\S+) and --corpus, the path of \S+\.$/m,
        );
        assert(said, new TextDecoder().decode(stderr));
        assert.deepEqual([code, stdout.length, said[2]], [130, 0, out]);
        const { training } = await loadCheckpoint(`${out}/checkpoint.safetensors`);
        assert.equal(training!.done.step, Number(said[1]));
      }
    }),
);
