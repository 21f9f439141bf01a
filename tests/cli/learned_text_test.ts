import assert from "node:assert/strict";
import { command, inFreshProject } from "../course/_project.ts";
import { loadCheckpoint, saveCheckpoint } from "dlm/training/checkpoint.ts";

// These make files and run commands, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const RHYME = "one for sorrow, two for joy, three for a girl, four for a boy\n".repeat(20);
const SMALL = ["--preset=smoke", "--workers=0", "--layers=1", "--json", "--out=run"];
const PATH = "run/checkpoint.safetensors";
const MODEL = `--model=${PATH}`;

/** A project in which a model has learned from a text. */
function withModel(test: (folder: string) => Promise<void>): Promise<void> {
  return inFreshProject(async (folder) => {
    await Deno.mkdir(`${folder}/private`);
    await Deno.writeTextFile(`${folder}/private/rhyme.txt`, RHYME);
    const args = [...SMALL, "--steps=2", "--corpus=private/rhyme.txt"];
    const { code, stderr } = await command(folder, "train", ...args);
    assert.equal(code, 0, stderr);
    await test(folder);
  });
}

Deno.test(
  "what a checkpoint calls its text is never opened",
  { ignore },
  () =>
    withModel(async (folder) => {
      const path = `${folder}/${PATH}`;
      const checkpoint = await loadCheckpoint(path);
      assert.equal(checkpoint.corpus.name, "rhyme.txt"); // and not where it lies
      const sentence =
        /^The model learned from a text called (rhyme\.txt|passwd), which .+: give its file with --corpus\.$/;
      for (const name of ["private/rhyme.txt", "/etc/passwd"]) {
        await saveCheckpoint(path, { ...checkpoint, corpus: { ...checkpoint.corpus, name } });
        for (const args of [["evaluate", MODEL], ["train", "--resume", "--out=run", "--steps=3"]]) {
          const { code, stderr, stdout } = await command(folder, ...args as [string]);
          assert.deepEqual([code, stdout], [2, ""]);
          assert.match(stderr, sentence);
        }
      }
    }),
);

Deno.test("a model is measured, and trained on, with the text that was chosen if it is its own", {
  ignore,
}, () =>
  withModel(async (folder) => {
    await command(folder, "text", "private/rhyme.txt");
    const measured = JSON.parse((await command(folder, "evaluate", MODEL, "--json")).stdout);
    assert.deepEqual([measured.corpus, measured.sameText], ["rhyme.txt", true]);
    const { code, stdout } = await command(folder, "train", ...SMALL, "--steps=3", "--resume");
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).steps, 3);
  }));

Deno.test("a model of a text with a name is measured, even if the chosen text has gone", {
  ignore,
}, () =>
  withModel(async (folder) => {
    await command(folder, "text", "private/rhyme.txt");
    await Deno.remove(`${folder}/private/rhyme.txt`);
    await command(folder, "train", ...SMALL, "--out=novel", "--steps=1", "--corpus=moby-dick");
    const novel = "--model=novel/checkpoint.safetensors";
    const { code, stdout, stderr } = await command(folder, "evaluate", novel, "--json");
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).corpus, "moby-dick");
  }));

Deno.test("a model is measured on another text only if it is given, and that is said", {
  ignore,
}, () =>
  withModel(async (folder) => {
    await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME.replaceAll("girl", "grig"));
    const given = [MODEL, "--json", "--corpus"];
    const other = await command(folder, "evaluate", ...given, "rhyme.txt");
    assert.equal(other.code, 0, other.stderr);
    const { sameText, learnedFrom } = JSON.parse(other.stdout);
    assert.deepEqual([sameText, learnedFrom.name], [false, "rhyme.txt"]);
    assert.match(
      other.stderr,
      /^rhyme\.txt is not the text that the model learned from, .+ in the part that is measured\.$/m,
    );
    const same = await command(folder, "evaluate", ...given, "private/rhyme.txt");
    assert.equal(JSON.parse(same.stdout).sameText, true);
    assert.doesNotMatch(same.stderr, /not the text/);
  }));
