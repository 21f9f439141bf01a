import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, saveCheckpoint } from "dlm/training/checkpoint.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { meanModel } from "dlm/export/mean_model.ts";
import { encodeOnnx } from "dlm/export/onnx.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { randomParameters, randomTraining, TINY } from "../_support.ts";

// This starts a process and writes files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const program = fileURLToPath(new URL("../../lib/cli/export.ts", import.meta.url));

const finished: Checkpoint = {
  version: "1.2.3",
  config: TINY,
  characters: ["a", "b", "c", "d", "🙂"],
  corpus: { name: "letters", sha256: "" },
  average: randomParameters(TINY, 1),
};

Deno.test("export writes a model without what only training needs", { ignore }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const training = {
      ...randomTraining(TINY, 2),
      done: { step: 40, seconds: 1.5 },
      settings: { ...PRESETS.smoke, seed: 7 },
    };
    await saveCheckpoint(`${folder}/run.safetensors`, { ...finished, training });
    const options = ["--model", "run.safetensors", "--out", "out", "--json"];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", program, ...options],
      cwd: folder,
    }).output();
    assert.equal(code, 0);
    const { files, bytes } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(files, ["out/model.onnx", "out/model.safetensors", "out/vocab.json"]);
    const read = (name: string) => Deno.readFile(`${folder}/out/${name}`);
    const contents = [
      await read("model.onnx"),
      await read("model.safetensors"),
      await read("vocab.json"),
    ];
    assert.equal(contents.reduce((sum, { length }) => sum + length, 0), bytes);
    assert.deepEqual(new Uint8Array(contents[0]!), encodeOnnx(finished));
    assert.deepEqual(await loadCheckpoint(`${folder}/out/model.safetensors`), finished);
    const vocabulary = JSON.parse(new TextDecoder().decode(contents[2]));
    assert.deepEqual(vocabulary, { characters: finished.characters, maskId: 5 });

    const other = { ...finished, average: randomParameters(TINY, 3) };
    await saveCheckpoint(`${folder}/mean/model.safetensors`, other);
    const mean = async (out: string) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "-A", program, "--model", "run.safetensors", "--out", out]
          .concat("--mean-with", "mean/model.safetensors"),
        cwd: folder,
      }).output();
      return { code, said: new TextDecoder().decode(stderr) };
    };
    assert.equal((await mean("out")).code, 0);
    const found = await loadCheckpoint(`${folder}/out/model.safetensors`);
    assert.deepEqual(found, meanModel(finished, other));
    const refused = await mean("mean"); // which would replace what it is made of
    assert.equal(refused.code, 2);
    assert.match(refused.said, /is the model itself, which the export would replace/);
    assert.deepEqual(await loadCheckpoint(`${folder}/mean/model.safetensors`), other);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
