import assert from "node:assert/strict";
import { trainedModel } from "dlm/course/trained_model.ts";
import { inFolder } from "../_support.ts";

// Texts are read from files, so these run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

/** What is said on the console while something runs. */
async function said(run: () => Promise<void>): Promise<string[]> {
  const { log } = console;
  const sentences: string[] = [];
  console.log = (sentence: string) => sentences.push(sentence);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return sentences;
}

Deno.test(
  "trainedModel() trains a model of another text once, and says so",
  { ignore },
  async () => {
    await inFolder(async (folder) => {
      const source = `${folder}/rhyme.txt`;
      await Deno.writeTextFile(
        source,
        "one for sorrow, two for joy, three for a girl\n".repeat(20),
      );
      const sentences = await said(async () => {
        const first = await trainedModel({ source });
        const again = await trainedModel({ source, prefer: "yours" });
        assert.equal(again.model, first.model);
        assert.equal(first.model.vocabularySize, first.tokenizer.vocabularySize);
        assert.match(first.origin, /trained for a few seconds/);
        const twin = await trainedModel({ source, causal: true });
        assert.equal(twin.model.causal, true);
        assert.equal((await trainedModel({ source })).model, first.model);
      });
      assert.deepEqual(
        sentences.map((sentence) => sentence.match(/^No ([\w ]+) has learned from/)?.[1]),
        [
          "model",
          "causal twin",
        ],
      );
    });
  },
);

Deno.test("trainedModel() trains another model when the text has changed", { ignore }, async () => {
  await inFolder(async (folder) => {
    const source = `${folder}/rhyme.txt`;
    await Deno.writeTextFile(source, "four for a boy, five for silver, six for gold\n".repeat(20));
    const sentences = await said(async () => {
      await trainedModel({ source });
      await Deno.writeTextFile(
        source,
        "gold for six, silver for five, boy a for four\n".repeat(20),
      );
      await trainedModel({ source }); // the same characters under the same name
    });
    assert.equal(sentences.length, 2);
  });
});
