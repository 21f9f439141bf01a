import assert from "node:assert/strict";
import {
  readCheckpointMetadata,
  writeCheckpointMetadata,
} from "dlm/training/checkpoint_metadata.ts";
import { TINY } from "../_support.ts";
import { unfinished } from "./_checkpoints.ts";

const { version, kernels, config, characters, corpus, training } = unfinished;
const { done, settings } = training!;
const metadata = {
  version,
  kernels: kernels!,
  config,
  characters,
  corpus,
  training: { done, settings },
};
const texts = writeCheckpointMetadata(metadata);

Deno.test("readCheckpointMetadata() gives back what writeCheckpointMetadata() was given", () => {
  assert.deepEqual(readCheckpointMetadata(texts), metadata);
});

Deno.test("a budget without an end, which JSON does not know, is as good as left out", () => {
  const endless = { ...settings, steps: Infinity };
  const written = writeCheckpointMetadata({ ...metadata, training: { done, settings: endless } });
  const { steps: _, ...rest } = settings;
  assert.deepEqual(readCheckpointMetadata(written).training, { done, settings: rest });
});

Deno.test("a text that was named by its path is named by the last part of it alone", () => {
  const nameOf = (name: string) => {
    const change = { corpus: JSON.stringify({ name, sha256: "" }) };
    return readCheckpointMetadata({ ...texts, ...change }).corpus.name;
  };
  assert.equal(nameOf("tinyshakespeare"), "tinyshakespeare");
  assert.equal(nameOf("/home/ada/diary.txt"), "diary.txt");
  assert.equal(nameOf("C:\\Users\\Ada\\diary.txt"), "diary.txt");
  assert.equal(nameOf("\x1b[31mdiary\n.txt"), "\ufffd[31mdiary\ufffd.txt");
});

Deno.test("readCheckpointMetadata() says what is missing or wrong, whatever stands there", () => {
  const wrong = (name: string, value: unknown) => ({ ...texts, [name]: JSON.stringify(value) });
  const trained = (change: object) => wrong("training", { done, settings, ...change });
  const cases: [texts: Record<string, string>, message: string | RegExp][] = [
    [{}, "its format is not named, and this library reads dlm-1."],
    [{ format: "dlm-1" }, "its metadata do not give the version."],
    [{ ...texts, version: "\x1b[2J" }, "its version or its kernels have control characters."],
    [{ ...texts, kernels: "\x9b2J" }, "its version or its kernels have control characters."],
    [{ ...texts, config: "{" }, "its config is not JSON."],
    ...[null, 7, [], "x"].map((value): [Record<string, string>, string] => [
      wrong("config", value),
      "its config is no object.",
    ]),
    [wrong("config", { ...TINY, causal: "no" }), /does not say whether the model is causal/],
    [wrong("config", { ...TINY, width: "8" }), /width is 8: it must be a whole number/],
    [wrong("config", { ...TINY, heads: null }), /heads is null: it must be a whole number/],
    ...[null, {}, "abcde", [1, 2, 3, 4, 5], ["a", "b", "c", "d", "ef"], ["a", "b", "c", "d", ""]]
      .map((value): [Record<string, string>, string] => [
        wrong("vocabulary", value),
        "its vocabulary is not a list of single characters.",
      ]),
    [wrong("vocabulary", ["a", "b", "c", "d", "\ud83d"]), /not a list of single characters/],
    [wrong("vocabulary", ["a", "b", "c", "d", "a"]), "its vocabulary has a character twice."],
    [wrong("vocabulary", ["a", "b"]), /has 2 characters, but its model 5/],
    ...[null, "x", {}, { name: "x" }, { name: 1, sha256: "" }].map(
      (value): [Record<string, string>, RegExp] => [
        wrong("corpus", value),
        /^it does not give the name and the SHA-256 of the text/,
      ],
    ),
    [wrong("training", null), "it does not say how far its training has come."],
    [trained({ done: { step: 1.5, seconds: 1 } }), "its step is not a whole number."],
    [trained({ done: { step: -1, seconds: 1 } }), "its step is not a whole number."],
    [trained({ done: { step: 1, seconds: -1 } }), "its seconds of training are no number."],
    [trained({ settings: null }), "it does not give the settings of its training."],
    [trained({ settings: { ...settings, batch: "4" } }), "its setting batch is no number."],
    [trained({ settings: { ...settings, workers: [] } }), "its setting workers is no number."],
    [trained({ settings: { ...settings, causal: 1 } }), /causal is neither true nor false/],
    [trained({ settings: { ...settings, muon: "on" } }), /muon is neither true nor false/],
  ];
  for (const [texts, message] of cases) {
    assert.throws(() => readCheckpointMetadata(texts), { name: "RangeError", message });
  }
});
