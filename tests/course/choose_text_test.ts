import assert from "node:assert/strict";
import { command, inFreshProject } from "./_project.ts";

// These make files and run commands, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const RHYME = "one for sorrow, two for joy, three for a girl, four for a boy\n".repeat(20);
const TRAIN = ["--preset", "smoke", "--steps", "2", "--workers", "0", "--layers", "1", "--json"];

Deno.test(
  "a text that is chosen is what all commands work with",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME);
      const chosen = await command(folder, "text", "rhyme.txt");
      assert.match(chosen.stdout, /rhyme\.txt: 1,240 characters, 20 different ones\. No model has/);

      const early = await command(folder, "sample");
      assert.equal(early.code, 2);
      assert.match(early.stderr, /^No model has learned from .*rhyme\.txt as it is now: train one/);

      const trained = await command(folder, "train", ...TRAIN);
      assert.match(JSON.parse(trained.stdout).corpus, /rhyme\.txt$/);
      const { model } = JSON.parse((await command(folder, "text", "--json")).stdout);
      assert.match(model, /smoke-1.checkpoint\.safetensors$|laptop-1.checkpoint\.safetensors$/);
      const { texts } = JSON.parse((await command(folder, "sample", "--json")).stdout);
      assert.match(texts[0], /^[a-z, \n]+$/);
      const measured = await command(folder, "evaluate", "--json");
      assert.equal(JSON.parse(measured.stdout).characters, 124);
    }),
);

Deno.test("a model of a text does not stand in for one of the text as it has become", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME);
    await command(folder, "text", "rhyme.txt");
    await command(folder, "train", ...TRAIN);
    await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME.replaceAll("girl", "grig"));
    const { code, stderr } = await command(folder, "sample");
    assert.equal(code, 2);
    assert.match(stderr, /^No model has learned from .*rhyme\.txt as it is now/);
  }));

Deno.test(
  "a model is chosen only with the text that it learned from",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME);
      const wrong = await command(folder, "text", "rhyme.txt", "--model", "best");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /^The model best learned from tinyshakespeare, not from .*rhyme/);
      await assert.rejects(Deno.stat(`${folder}/data/choice.json`), Deno.errors.NotFound);
    }),
);

Deno.test(
  "a choice that cannot be read is told, and can be forgotten",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/data/choice.json`, `{"text": 3}`);
      const broken = await command(folder, "sample");
      assert.equal(broken.code, 2);
      assert.match(broken.stderr, /^data\/choice\.json, which keeps the text you chosen?, cannot/);
      const { code } = await command(folder, "text", "--forget", "moby-dick");
      assert.equal(code, 0);
      const { stdout } = await command(folder, "text", "--json");
      assert.equal(JSON.parse(stdout).name, "moby-dick");
    }),
);

Deno.test(
  "a model that was chosen and has gone is told",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/data/choice.json`, `{"model": "gone.safetensors"}`);
      const { code, stderr } = await command(folder, "sample");
      assert.equal(code, 2);
      assert.match(stderr, /^There is no file gone\.safetensors: .+ You chose it: deno task text/);
    }),
);

Deno.test(
  "a text that was chosen and has gone is told, and another can be chosen",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/data/choice.json`, `{"text": "/gone/rhyme.txt"}`);
      for (const name of ["sample", "text", "train"]) {
        const { code, stderr } = await command(folder, name);
        assert.equal(code, 2);
        assert.match(
          stderr,
          /^The text that you chose, \/gone\/rhyme\.txt, is no longer there: /,
        );
      }
      assert.equal((await command(folder, "text", "moby-dick")).code, 0);
    }),
);

Deno.test(
  "a model that is chosen by a path is found from every folder, and a damaged choice is replaced",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/rhyme.txt`, RHYME);
      await command(folder, "train", ...TRAIN, "--corpus", "rhyme.txt", "--out", "run");
      await Deno.writeTextFile(`${folder}/data/choice.json`, "{");
      const model = "run/checkpoint.safetensors";
      const chosen = await command(folder, "text", "rhyme.txt", "--model", model);
      assert.equal(chosen.code, 0, chosen.stderr);
      const choice = JSON.parse(await Deno.readTextFile(`${folder}/data/choice.json`));
      assert.equal(choice.model, await Deno.realPath(`${folder}/${model}`));
    }),
);
