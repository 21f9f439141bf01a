import assert from "node:assert/strict";
import {
  circles,
  crowdedFolders,
  foreignSecrets,
  type House,
  importsOf,
  readHouse,
  strayFloors,
  upwardImports,
} from "./_house.ts";

/** The floors of lib/, from the ground up: a file of its root, or a folder. */
const FLOORS = [
  "rng.ts",
  "backend",
  "files",
  "tokenizer.ts",
  "corpus.ts",
  "schedule.ts",
  "masking.ts",
  "batch.ts",
  "ops",
  "model.ts",
  "objective.ts",
  "optimizer",
  "crew",
  "evaluation.ts",
  "sampling",
  "sampler.ts",
  "trainer.ts",
  "training",
  "languages",
  "measures",
  "simple_dlm",
  "display",
  "export",
  "course",
  "mod.ts",
  "jupyter",
  "cli",
];

/** How much can be taken in at a glance. */
const MOST_ENTRIES = 13;

/** How long a file may be. */
const MOST_LINES = 300;

// This reads the library's files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";
const lib: House = ignore ? new Map() : await readHouse(new URL("../lib/", import.meta.url));

Deno.test("in lib/, every file belongs to a floor, and there is something on every floor", {
  ignore,
}, () => {
  assert.deepEqual(strayFloors(lib, FLOORS), { empty: [], homeless: [] });
});

Deno.test("in lib/, imports point down the floors", { ignore }, () => {
  assert.deepEqual(upwardImports(lib, FLOORS), []);
});

Deno.test("in lib/, no files import one another in a circle", { ignore }, () => {
  assert.deepEqual(circles(lib), []);
});

Deno.test("in lib/, no folder holds more than can be taken in at a glance", { ignore }, () => {
  assert.deepEqual(crowdedFolders(lib, MOST_ENTRIES), []);
});

Deno.test("in lib/, no file is too long to be read at one sitting", { ignore }, async () => {
  const long: string[] = [];
  for (const path of [...lib.keys()].filter((path) => path.endsWith(".ts"))) {
    const source = await Deno.readTextFile(new URL(`../lib/${path}`, import.meta.url));
    if (source.split("\n").length - 1 > MOST_LINES) long.push(path);
  }
  assert.deepEqual(long, []);
});

Deno.test("in lib/, what is private to a folder stays in it", { ignore }, () => {
  assert.deepEqual(foreignSecrets(lib), []);
});

/** A small house in which all is well, but for what is added. */
const house = (added: Record<string, string[]> = {}): House =>
  new Map(Object.entries({
    "ground.ts": [],
    "wing/_secret.ts": ["ground.ts"],
    "wing/tower/room.ts": ["wing/_secret.ts", "ground.ts"],
    "attic.ts": ["wing/tower/room.ts"],
    ...added,
  }));
const floors = ["ground.ts", "wing", "attic.ts"];

Deno.test("importsOf() finds every way to import, and only what is the library's own", () => {
  const source = `
import { tf } from "dlm/backend/backend.ts";
import type { Rng } from "dlm/rng.ts";
import {
  attention,
  embed,
} from "dlm/ops/many.ts";
import "../bare.ts";
export * from "./beside.ts";
import assert from "node:assert/strict";
import file from "../../deno.json" with { type: "json" };
/** import { no } from "dlm/comment.ts"; */
export type Late = import("dlm/late.ts").Late;
`;
  assert.deepEqual(importsOf("wing/room.ts", source), [
    "backend/backend.ts",
    "rng.ts",
    "ops/many.ts",
    "bare.ts",
    "wing/beside.ts",
    "late.ts",
  ]);
});

Deno.test("upwardImports() finds imports that point up, or to no floor", () => {
  assert.deepEqual(upwardImports(house(), floors), []);
  const added = { "wing/a.ts": ["attic.ts"], "wing/b.ts": ["shed.ts", "wing/a.ts"] };
  assert.deepEqual(upwardImports(house(added), floors), [
    "wing/a.ts → attic.ts",
    "wing/b.ts → shed.ts",
  ]);
});

Deno.test("circles() finds a circle, however long", () => {
  assert.deepEqual(circles(house()), []);
  assert.deepEqual(circles(house({ "attic.ts": ["attic.ts"] })), ["attic.ts → attic.ts"]);
  assert.deepEqual(circles(house({ "ground.ts": ["attic.ts"] })), [
    "ground.ts → attic.ts → wing/tower/room.ts → wing/_secret.ts → ground.ts",
    "ground.ts → attic.ts → wing/tower/room.ts → ground.ts",
  ]);
});

Deno.test("crowdedFolders() counts files and folders, and in the root files alone", () => {
  assert.deepEqual(crowdedFolders(house(), 2), []);
  assert.deepEqual(crowdedFolders(house(), 1), [".", "wing"]);
  assert.deepEqual(crowdedFolders(house({ "wing/page.html": [] }), 2), ["wing"]);
  assert.deepEqual(crowdedFolders(house({ "cellar.ts": [] }), 2), ["."]);
});

Deno.test("strayFloors() finds empty floors and homeless files", () => {
  assert.deepEqual(strayFloors(house(), floors), { empty: [], homeless: [] });
  assert.deepEqual(strayFloors(house({ "shed/rake.ts": [] }), [...floors, "cellar"]), {
    empty: ["cellar"],
    homeless: ["shed/rake.ts"],
  });
});

Deno.test("foreignSecrets() finds what is private elsewhere, though not in a folder above", () => {
  assert.deepEqual(foreignSecrets(house()), []);
  assert.deepEqual(foreignSecrets(house({ "attic.ts": ["wing/_secret.ts"] })), [
    "attic.ts → wing/_secret.ts",
  ]);
  const added = { "wings/a.ts": ["wing/_secret.ts"], "wing/b.ts": ["wing/tower/_c.ts"] };
  assert.deepEqual(foreignSecrets(house(added)), [
    "wings/a.ts → wing/_secret.ts",
    "wing/b.ts → wing/tower/_c.ts",
  ]);
});
