import assert from "node:assert/strict";
import { command, inFreshProject } from "../course/_project.ts";

// These write files and run commands, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

/** Prints the models that are found for tiny Shakespeare and for `text.txt`, as JSON. */
const FINDING = `
  import { findModel } from "dlm/training/known_models.ts";
  import { fingerprintOf } from "dlm/corpus.ts";
  const shakespeare = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed";
  const found = [];
  for (const prefer of [undefined, "small", "best", "yours"]) {
    for (const causal of [false, true]) {
      found.push((await findModel(shakespeare, { prefer, causal }))?.name);
    }
  }
  const own = await fingerprintOf("text.txt");
  for (const prefer of ["small", "best", "yours"]) {
    found.push((await findModel(own, { prefer }))?.name.split("runs/")[1]);
  }
  console.log(JSON.stringify(found));
`;

async function find(folder: string): Promise<(string | null)[]> {
  await Deno.writeTextFile(`${folder}/find.ts`, FINDING);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "-A", "find.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return JSON.parse(new TextDecoder().decode(stdout));
}

const SHIPPED = [
  ...["laptop", "laptop-causal"], // unless told otherwise
  ...["laptop", "laptop-causal"],
  ...["best", "laptop-causal"],
  ...["laptop", "laptop-causal"], // there are none of one's own
];

Deno.test("findModel() finds the small, the best, the twin, and the newest of one's own", {
  ignore,
}, () =>
  inFreshProject(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.txt`, "one two three\n".repeat(60));
    assert.deepEqual(await find(folder), [...SHIPPED, null, null, null]);
    const size = ["--preset=smoke", "--layers=1", "--width=8", "--context=8", "--steps=1"];
    for (const out of ["b", "a"]) {
      const args = ["--corpus=text.txt", ...size, `--out=runs/${out}`];
      const { code, stderr } = await command(folder, "train", ...args);
      assert.equal(code, 0, stderr);
    }
    const newest = "a/checkpoint.safetensors";
    assert.deepEqual(await find(folder), [...SHIPPED, newest, newest, newest]);
  }));

Deno.test(
  "findModel() finds what else there is where the folder of runs is none",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/text.txt`, "one two three\n".repeat(60));
      await Deno.writeTextFile(`${folder}/runs`, "");
      assert.deepEqual(await find(folder), [...SHIPPED, null, null, null]);
    }),
);
