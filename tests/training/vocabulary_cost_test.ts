import assert from "node:assert/strict";
import { createCorpus } from "dlm/corpus.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { describeVocabularyCost } from "dlm/training/vocabulary_cost.ts";

/** A text of so many different characters, of which the first occurs most often. */
const textOf = (characters: number) => {
  const all = Array.from({ length: characters }, (_, i) => String.fromCodePoint(0x4e00 + i));
  return createCorpus("laozi", all[0]!.repeat(40 * characters) + all.join(""));
};

const cost = (characters: number, width: number) =>
  describeVocabularyCost(textOf(characters), {
    ...PRESETS.laptop,
    vocabularySize: characters,
    width,
    causal: false,
  });

Deno.test("describeVocabularyCost() says that rare characters make a model large", () => {
  assert.equal(
    cost(6003, 128),
    "laozi has 6,003 different characters, which take 7.7 of the model's 8.5 million parameters " +
      "and make training slow; a smaller --width helps, and a text without rare characters " +
      "(6,002 occur less than 10 times).",
  );
});

Deno.test("describeVocabularyCost() has nothing to say of most texts and models", () => {
  assert.equal(cost(256, 32), undefined); // an alphabet, however small the model
  assert.equal(cost(600, 128), undefined); // less than half of it
  assert.match(cost(700, 128)!, /^laozi has 700 different/);
});
