import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import {
  type Circumstances,
  circumstancesOf,
  verdictsIn,
} from "dlm/backend/native/trial/verdict.ts";
import { inFolder } from "../../../_support.ts";

// This writes files, so it runs under `deno test -A` only.
const ignore = Deno.permissions.querySync({ name: "write" }).state !== "granted";

const processor = {
  vendor: "GenuineIntel",
  brand: "a processor",
  family: 6,
  model: 1,
  vectors: ["avx2"] as const,
};

const at = (folder: string) => pathToFileURL(folder);

const right = { works: true, speed: 2 } as const;
const crash = { works: false, reason: "It ended with signal SIGSEGV." } as const;

Deno.test("a verdict is found again, and a later one takes its place", { ignore }, async () => {
  const here = await circumstancesOf(processor, "avx2");
  await inFolder(async (folder) => {
    const verdicts = verdictsIn(at(`${folder}/new/`));
    assert.equal(await verdicts.read(here), undefined);
    await verdicts.probe(); // which makes the folder
    for (const outcome of [right, crash]) {
      await verdicts.keep(here, outcome);
      assert.deepEqual(await verdictsIn(at(`${folder}/new/`)).read(here), outcome);
    }
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/new/machine_code.json`)).length, 1);
  });
});

Deno.test(
  "a verdict of other circumstances is not taken, and does not go",
  { ignore },
  async () => {
    const here = await circumstancesOf(processor, "avx2");
    await inFolder(async (folder) => {
      const verdicts = verdictsIn(at(`${folder}/`));
      await verdicts.keep(here, right);
      for (const name of Object.keys(here) as (keyof Circumstances)[]) {
        assert.equal(await verdicts.read({ ...here, [name]: "other" }), undefined, name);
      }
      for (let model = 100; model < 107; model++) await verdicts.keep({ ...here, model }, crash);
      assert.deepEqual(await verdicts.read(here), right);
      await verdicts.keep({ ...here, model: 107 }, crash); // now there are too many
      assert.equal(await verdicts.read(here), undefined);
    });
  },
);

Deno.test("a file that holds no verdicts is none, and is replaced", { ignore }, async () => {
  const here = await circumstancesOf(processor, "avx2");
  await inFolder(async (folder) => {
    const verdicts = verdictsIn(at(`${folder}/`));
    const strange = [
      ...["", "{", "null", "{}", "[null, 1, {}]"],
      JSON.stringify([{ circumstances: here }, { circumstances: here, outcome: { works: true } }]),
    ];
    for (const text of strange) {
      await Deno.writeTextFile(`${folder}/machine_code.json`, text);
      assert.equal(await verdicts.read(here), undefined, text);
      await verdicts.keep(here, right);
      assert.deepEqual(await verdicts.read(here), right);
    }
  });
});

Deno.test("probe() leaves nothing behind, and throws where nothing can be kept", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    await verdictsIn(at(`${folder}/`)).probe();
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(verdictsIn(at(`${folder}/file/`)).probe());
  });
});
