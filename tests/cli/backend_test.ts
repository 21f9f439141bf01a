import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { adapter, inFolder } from "../_support.ts";

// These start processes and write files, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

/** What a command prints; it must not fail. */
async function run(folder: string, name: string, args: string[], env: Record<string, string> = {}) {
  const script = fileURLToPath(new URL(`../../lib/cli/${name}.ts`, import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "-A", script, ...args, "--json"],
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  assert.equal(code, 0, err!);
  return { result: JSON.parse(out!.split("\n").at(-1)!), stderr: err! };
}

const TEXT = "It was the best of times, it was the worst of times. ".repeat(60);
const SMALL = ["--preset", "smoke", "--layers", "1", "--width", "8", "--heads", "1"];

Deno.test(
  "train, sample and evaluate take the backend that is asked for, and find the same (webgpu)",
  { ignore: ignore || adapter.kind === "none" },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text.txt`, TEXT);
      const train = async (out: string, args: string[], env = {}) => {
        const rest = ["--steps", "3", "--corpus", "text.txt", "--out", out, ...args];
        return (await run(folder, "train", [...SMALL, ...rest], env)).result;
      };
      const card = await train("card", ["--backend", "webgpu"]);
      const named = await train("named", [], { DLM_BACKEND: "webgpu" });
      const processor = await train("processor", ["--workers", "0"]);
      assert.deepEqual(
        [card, named, processor].map(({ backend }) => backend),
        ["webgpu", "webgpu", "wasm"],
      );
      for (const { trainNats, valBitsPerChar } of [card, named]) {
        assert(Math.abs(trainNats - processor.trainNats) < 1e-4);
        assert(Math.abs(valBitsPerChar - processor.valBitsPerChar) < 1e-4);
      }
      const model = ["--model", "processor/checkpoint.safetensors"];
      const both = async (name: string, args: string[]) => {
        const found = [];
        for (const backend of ["webgpu", "wasm"]) {
          found.push((await run(folder, name, [...model, ...args, "--backend", backend])).result);
        }
        return found;
      };
      const [written, expected] = await both("sample", ["--count", "2", "--steps", "4"]);
      assert.deepEqual(written.texts, expected.texts);
      const [measured, bound] = await both("evaluate", ["--corpus", "text.txt"]);
      assert(Math.abs(measured.bitsPerChar - bound.bitsPerChar) < 1e-5);
      assert.equal(measured.characters, bound.characters);
    }),
);

Deno.test("a command says nothing of graphics cards where there is no real one", {
  ignore: ignore || adapter.kind === "hardware",
}, () =>
  inFolder(async (folder) => {
    const { stderr } = await run(folder, "sample", ["--model", "laptop", "--length", "3"]);
    assert.doesNotMatch(stderr, /graphics|XDG/);
  }));

Deno.test("a graphics card that fails ends a command with its sentence and exit code 1", {
  ignore,
}, async () => {
  const code = `
    import { Command } from "commander";
    import { runCommand } from "dlm/cli/_command.ts";
    import { GpuError } from "dlm/backend/webgpu/gpu_error.ts";
    const command = new Command("train").action(() => { throw new GpuError("It was lost."); });
    await runCommand(command, []);
  `;
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const options = { args: ["eval", "--quiet", code], cwd };
  const { code: exit, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  assert.equal(new TextDecoder().decode(stderr), "It was lost.\n");
  assert.equal(exit, 1);
});
