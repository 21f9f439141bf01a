import assert from "node:assert/strict";
import { variants } from "dlm/jupyter/_variants.ts";

Deno.test("variants() puts what a comment suggests in the place of a number", () => {
  const source = "const T = 64; // the length; try 16, 2_560\nT;";
  assert.deepEqual(variants(source), [
    source,
    source.replace("T = 64", "T = 16"),
    source.replace("T = 64", "T = 2_560"),
  ]);
});

Deno.test("variants() knows which of several numbers is meant", () => {
  const source = "const [T, t] = [64, 0.5]; // try t = 0.1, 1e-3";
  assert.deepEqual(variants(source), [
    source,
    source.replace("64, 0.5", "64, 0.1"),
    source.replace("64, 0.5", "64, 1e-3"),
  ]);
});

Deno.test("variants() changes all numbers at a time, each in its own circle", () => {
  const cell = (a: number, b: number) => `const a = ${a}; // try 2\nconst b = ${b}; // try -8, 9`;
  assert.deepEqual(
    variants(cell(1, 7)),
    [cell(1, 7), cell(2, 7), cell(1, 7)]
      .map((source, i) => source.replace("b = 7", `b = ${[7, -8, 9][i]}`)),
  );
});

Deno.test("variants() leaves alone what is suggested in other words, and what is no number", () => {
  for (
    const source of [
      "const seed = 1;",
      "const [steps, seed] = [5, 1]; // try 1, 2, 10 steps; and other seeds",
      "const rates = [4e-4, 4e-3]; // try to add 0.4",
      "const steps = smoke ? 30 : 300; // try 1000",
      "  const inner = 1; // try 2",
      "",
    ]
  ) {
    assert.deepEqual(variants(source), [source]);
  }
});
