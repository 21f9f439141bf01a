import assert from "node:assert/strict";
import { colorsOf } from "dlm/display/charts/_colors.ts";

Deno.test("colorsOf() gives ours the same colour, whoever stands beside it", () => {
  const [alone] = colorsOf(["our model"]);
  const colors = colorsOf(["uniform", "bigram", "our model", "ours of another hour"]);
  assert.equal(colors[2], alone);
  assert.equal(new Set(colors).size, 4);
  assert.notEqual(colorsOf(["ourselves"])[0], alone);
});

Deno.test("colorsOf() has a colour for any number of things", () => {
  assert.equal(colorsOf(Array(20).fill("x")).filter(Boolean).length, 20);
});
