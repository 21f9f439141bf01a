import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
  toCheckpoint,
  VERSION,
} from "dlm/training/checkpoint.ts";
import { createCorpus } from "dlm/corpus.ts";
import { Transformer } from "dlm/model.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { decodeSafetensors, encodeSafetensors } from "dlm/files/safetensors.ts";
import { assertNoLeak, randomParameters, randomTraining, TINY } from "../_support.ts";

const withoutDisk = (await Deno.permissions.query({ name: "write" })).state !== "granted";

/** A finished model, with characters that are hard to write down. */
const finished: Checkpoint = {
  version: "1.2.3",
  config: TINY,
  characters: ["\n", "\r", '"', "é", "🙂"],
  corpus: { name: "a path/with 🙂.txt", sha256: "c0ffee" },
  average: randomParameters(TINY, 1),
};

/** One that can be trained on. */
const unfinished: Checkpoint = {
  ...finished,
  training: {
    ...randomTraining(TINY, 2),
    done: { step: 40, seconds: 1.5 },
    settings: { ...PRESETS.smoke, seed: 7 },
  },
};

/** The bytes of a checkpoint with some of its metadata changed. */
function withMetadata(change: Record<string, string>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(finished));
  return encodeSafetensors(tensors, { ...metadata, ...change });
}

Deno.test("decodeCheckpoint() gives back what encodeCheckpoint() was given", () => {
  for (const checkpoint of [finished, unfinished]) {
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
  }
});

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

Deno.test("encodeCheckpoint() rounds the model, and nothing else, to 16-bit numbers if asked to", () => {
  const decoded = decodeCheckpoint(encodeCheckpoint(unfinished, { half: true }));
  for (const [name, values] of Object.entries(unfinished.average)) {
    assert.deepEqual(decoded.average[name], values.map(Math.f16round), name);
  }
  assert.deepEqual(decoded.training, unfinished.training);
});

Deno.test("a vocabulary of any characters comes back", () => {
  const texts = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }), {
    minLength: 5,
    maxLength: 5,
  });
  fc.assert(
    fc.property(texts, (characters) => {
      const decoded = decodeCheckpoint(encodeCheckpoint({ ...finished, characters }));
      assert.deepEqual(decoded.characters, characters);
    }),
    { numRuns: 20 },
  );
});

Deno.test("a finished model's tensors have the names of its parameters, and nothing else", () => {
  const { tensors } = decodeSafetensors(encodeCheckpoint(finished));
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(finished.average).sort());
  assert.deepEqual(tensors.embedding!.shape, [6, 8]);
});

Deno.test("decodeCheckpoint() throws if the file is no checkpoint of this library", () => {
  const bytes = encodeCheckpoint(unfinished);
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [new Uint8Array(), /fewer than the 8/],
    [bytes.subarray(0, bytes.length - 1), /cut short/],
    [encodeSafetensors({}), /its format is not named, and this library reads dlm-1/],
    [withMetadata({ format: "dlm-2" }), /its format is dlm-2/],
    [withMetadata({ config: JSON.stringify({ ...TINY, layers: 3 }) }), /blocks.2.+ is missing/],
    [
      withMetadata({ config: JSON.stringify({ ...TINY, width: 12 }) }),
      /embedding is missing or not \[6,12\]/,
    ],
    [withMetadata({ config: JSON.stringify({ ...TINY, layers: 1e9 }) }), /1000000000 layers, but/],
    [withMetadata({ vocabulary: '["a","b"]' }), /its vocabulary has 2 characters, but its model 5/],
    [encodeSafetensors({}, { format: "dlm-1" }), /its metadata do not give the config/],
    [withMetadata({ training: "{}" }), /training.parameters.embedding is missing/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(() => decodeCheckpoint(bytes), { message });
  }
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
        assert.equal(loaded.corpus, finished.corpus.name);
        assert.deepEqual(await loaded.model.parameters.head!.data(), finished.average.head);
      });

      const previous = `${folder}/model.previous.safetensors`;
      assert.deepEqual(await loadCheckpoint(previous), unfinished);
      await Deno.writeFile(`${folder}/cut`, encodeCheckpoint(finished).subarray(0, -9));
      await Deno.copyFile(`${folder}/cut`, path);
      const cases: [path: string, message: RegExp][] = [
        [`${folder}/missing`, /^There is no checkpoint .+missing: train one/],
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
