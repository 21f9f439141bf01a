import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";

// This starts processes and writes files, so it runs under `deno test -A` only.
const granted = (await Deno.permissions.query({ name: "run" })).state === "granted";
const ignore = !granted || Deno.build.os === "windows"; // which has no ulimit

const program = fileURLToPath(new URL("../../lib/cli/train.ts", import.meta.url));

/** Trains in a folder, where no file may have more than so many blocks; what it answers. */
async function train(folder: string, blocks: number | "unlimited", args: readonly string[]) {
  const script = 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"'; // the write fails; nobody is killed
  const deno = [Deno.execPath(), "run", "--no-check", "--quiet", "-A", program];
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", `${blocks}`, ...deno, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, stdout: out!, stderr: err! };
}

Deno.test(
  "train ends with a sentence when a checkpoint has no room, and the last ones stay",
  { ignore },
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/text.txt`, "it was the best of times ".repeat(100));
      const start = ["--preset=smoke", "--steps=2", "--workers=0", "--corpus=text.txt", "--out=."];
      const first = await train(folder, "unlimited", start);
      assert.equal(first.code, 0, first.stderr);
      const files = ["checkpoint.safetensors", "checkpoint.previous.safetensors"];
      const read = () => Promise.all(files.map((name) => loadCheckpoint(`${folder}/${name}`)));
      const before = await read();
      assert.deepEqual(before.map(({ training }) => training!.done.step), [2, 1]);

      const next = await train(folder, 100, [
        "--resume",
        "--steps=5",
        "--corpus=text.txt",
        "--out=.",
      ]);
      assert.equal(next.code, 1, next.stderr);
      assert.equal(next.stdout, "");
      assert.match(next.stderr, /^Cannot write \d+ bytes to .*checkpoint\.safetensors.*before\.$/);
      assert.deepEqual(await read(), before);
      const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      assert.deepEqual(names.sort(), [".lock", ...files, "text.txt"].sort());
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
