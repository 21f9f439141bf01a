import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";

// The second exercise counts the text, so this reads it, and runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

Deno.test("exercise 05.1 knows both weights, and why others are wrong", async () => {
  assert.equal(await replyTo("05.1", [4, 2]), "Right: all 2 values fit.");
  assert.match(await replyTo("05.1", [0.25, 2]), /value 1 of 2.* the other way round/);
  assert.match(await replyTo("05.1", [4, 8]), /value 2 of 2.* weights of the rows/);
  assert.match(await replyTo("05.1", [4, 3]), /multiplied by the weight of the row/);
});

Deno.test("exercise 05.2 counts the characters that a step asks for", { ignore }, async () => {
  const { loadCorpus } = await import("dlm/corpus.ts");
  const { length } = (await loadCorpus()).train;
  assert.match(await replyTo("05.2", length / 1024), /^Right/);
  assert.match(await replyTo("05.2", length / 2048), /too low. Each piece of text is read twice/);
});

Deno.test("exercise 05.4 tells the half of a weight from other spans", async () => {
  assert.equal(await replyTo("05.4", 138), "Right: it is 138.");
  assert.match(await replyTo("05.4", 200), /too high. That is 1/);
  assert.match(await replyTo("05.4", 100), /too low. That subtracts/);
  assert.match(await replyTo("05.4", 50), /multiplies the weight by beta/);
});
