import assert from "node:assert/strict";
import { trainedModel } from "dlm/course/models/trained_model.ts";
import { inFolder } from "../../_support.ts";
import { inFreshProject } from "../_project.ts";

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

/** Trains as a cell does, with a budget of so many steps and a Stop after some, and saves it. */
const SAVING = `
  import { createCorpus, PRESETS, saveAsYours, startRun } from "dlm";
  const corpus = createCorpus("rhyme", "one for sorrow, two for joy, three for a girl\\n".repeat(20));
  const small = { ...PRESETS.smoke, layers: 1, width: 8, heads: 1, context: 8, batch: 4, workers: 0 };
  for (const [steps, stop] of [[9, 6], [9, 3], [9, 8], [2, 2], [9, 2]]) {
    await using run = await startRun(corpus, { ...small, steps, seed: 1 });
    for await (const { step } of run.train()) if (step === stop) break;
    console.log(await saveAsYours(run));
  }
  const other = createCorpus("rhyme", "four for a boy, five for silver, six for gold\\n".repeat(20));
  await using run = await startRun(other, { ...small, steps: 9, seed: 1 });
  for await (const { step } of run.train()) if (step === 1) break;
  console.log(await saveAsYours(run));
`;

Deno.test(
  "saveAsYours() keeps the longer run if one is stopped, and says which model is yours",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/save.ts`, SAVING);
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--quiet", "-A", "save.ts"],
        cwd: folder,
      }).output();
      const sentences = new TextDecoder().decode(stdout).trim().split("\n");
      assert.match(sentences[1]!, /delete \S+rhyme-[0-9a-f]{8}\.safetensors and train again\.$/);
      assert.deepEqual(sentences.map((sentence) => sentence.replace(/;.*/, ".")), [
        "Your model is now the one of 6 steps.",
        "Your model is still the one of 6 steps, since this run was stopped after 3.",
        "Your model is now the one of 8 steps, in the place of one of 6.",
        "Your model is now the one of 2 steps, in the place of one of 8.",
        "Your model is now the one of 2 steps, in the place of one of 2.",
        "Your model is now the one of 1 step.", // of another text, beside the others
      ]);
    }),
);

/** Trains for a moment on a text, in windows of two lengths, and asks for the pages to write on. */
const PAGES = `
  import { loadCorpus, PRESETS, saveAsYours, startRun, trainedModel } from "dlm";
  const source = "rhyme.txt";
  const corpus = await loadCorpus(source);
  const small = { ...PRESETS.smoke, layers: 1, width: 8, heads: 1, batch: 2, workers: 0, steps: 1 };
  for (const context of [8, 130]) {
    await using run = await startRun(corpus, { ...small, context, seed: 1 });
    await Array.fromAsync(run.train());
    await saveAsYours(run);
    const { model, blank } = await trainedModel({ source, prefer: "yours" });
    console.log(model.context, blank.length);
  }
  Deno.exit();
`;

Deno.test(
  "trainedModel() gives a page as long as the context, or of 128 places",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/rhyme.txt`, "one for sorrow, two for joy\n".repeat(80));
      await Deno.writeTextFile(`${folder}/pages.ts`, PAGES);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--quiet", "-A", "pages.ts"],
        cwd: folder,
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
      assert.equal(out, "8 8\n130 128", err!);
    }),
);
