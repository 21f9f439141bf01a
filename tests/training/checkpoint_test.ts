import assert from "node:assert/strict";
import {
  describeCheckpoint,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
  toCheckpoint,
  VERSION,
} from "dlm/training/checkpoint.ts";
import { encodeCheckpoint } from "dlm/training/checkpoint_format.ts";
import { createCorpus } from "dlm/corpus.ts";
import { Transformer } from "dlm/model.ts";
import { assertNoLeak, inFolder, TINY } from "../_support.ts";
import { finished, unfinished } from "./_checkpoints.ts";

const withoutDisk = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test("toCheckpoint() has all of a model in memory", async () => {
  const corpus = createCorpus("letters", "abcde".repeat(20));
  using model = new Transformer(TINY, finished.average);
  assert.deepEqual(await toCheckpoint({ model, corpus }), {
    version: VERSION,
    config: TINY,
    characters: ["a", "b", "c", "d", "e"],
    corpus: { name: "letters", sha256: corpus.sha256 },
    average: finished.average,
  });
});

Deno.test({
  name: "checkpoints go to a file and come back, and what is none is told in a sentence",
  ignore: withoutDisk,
  async fn() {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/model.safetensors`;
    try {
      await saveCheckpoint(path, unfinished);
      assert.deepEqual(await loadCheckpoint(path), unfinished);
      await saveCheckpoint(path, finished);
      assert.deepEqual(await loadCheckpoint(path), finished);

      await assertNoLeak(async () => {
        using loaded = await loadModel(path);
        assert.deepEqual(loaded.model.config, TINY);
        assert.deepEqual(loaded.tokenizer.characters, finished.characters);
        assert.deepEqual(loaded.corpus, finished.corpus);
        assert.deepEqual(await loaded.model.parameters.head!.data(), finished.average.head);
      });

      const previous = `${folder}/model.previous.safetensors`;
      assert.deepEqual(await loadCheckpoint(previous), unfinished);
      await Deno.writeFile(`${folder}/cut`, encodeCheckpoint(finished).subarray(0, -9));
      await Deno.copyFile(`${folder}/cut`, path);
      const cases: [path: string, message: RegExp][] = [
        [`${folder}/missing`, /^There is no file .+missing: train one/],
        [folder, /is a folder/],
        [`${folder}/cut`, /cut is not a readable checkpoint: .+cut short.+again\.$/],
        [path, /model.safetensors is not a .+ The one before it is .+previous.safetensors\.$/],
      ];
      for (const [path, message] of cases) {
        await assert.rejects(loadCheckpoint(path), { name: "RangeError", message });
        await assert.rejects(loadModel(path), { name: "RangeError", message });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "a model whose training went wrong is not written in the place of a good one",
  ignore: withoutDisk,
  async fn() {
    await inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      await saveCheckpoint(path, unfinished);
      const before = await Deno.readFile(path);
      const { parameters, ...rest } = unfinished.training!;
      const diverged = { ...parameters, head: parameters.head!.map(() => NaN) };
      const training = { ...rest, parameters: diverged };
      await assert.rejects(saveCheckpoint(path, { ...unfinished, training }), {
        name: "RangeError",
        message: /^The numbers of training.parameters.head are more than 32 bits can hold/,
      });
      assert.deepEqual(await Deno.readFile(path), before);
      assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).length, 1);
    });
  },
});

Deno.test({
  name: "describeCheckpoint() reads what loadCheckpoint() does, except the numbers",
  ignore: withoutDisk,
  async fn() {
    await inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      await saveCheckpoint(path, finished);
      const { average: _, ...metadata } = finished;
      assert.deepEqual(await describeCheckpoint(path), metadata);
      await Deno.writeFile(path, encodeCheckpoint({ ...finished, characters: ["a"] }));
      await assert.rejects(describeCheckpoint(path), {
        name: "RangeError",
        message:
          /is not a readable checkpoint: its vocabulary has 1 characters, but its model 5\.$/,
      });
    });
  },
});
