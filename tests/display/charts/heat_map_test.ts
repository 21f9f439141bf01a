import assert from "node:assert/strict";
import { heatMap } from "dlm/display/charts/heat_map.ts";
import { bundleOf, pixelsOf } from "../_support.ts";

const axes = { title: "Chart", label: "weight", x: "column", y: "row" };
const corners = [[1, 0], [0, 0]]; // dark at the top left alone

Deno.test("heatMap() draws a matrix as it is written: rows downwards, columns to the right", () => {
  const { at, height } = pixelsOf(bundleOf(heatMap({ m: corners }, axes)));
  const shade = (x: number, y: number) => at(x, y).reduce((a, b) => a + b);
  // Squares of 22 pixels, from the margins on; two lines of 17 pixels stand below them.
  const [left, top] = [8 + 18, height / 2 - 8 - 17 - 6 - 18 - 44];
  const shades = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([i, j]) =>
    shade(left + 22 * j! + 11, top + 22 * i! + 11)
  );
  assert(shades[0]! < 300, `${shades}`);
  assert(shades.slice(1).every((light) => light > 600), `${shades}`);
});

Deno.test("heatMap() names its maps, its rows and its columns", () => {
  const bundle = bundleOf(heatMap({ first: corners, second: corners }, {
    ...axes,
    rows: "a\n",
    columns: " ▒",
    title: "A title",
    caption: "seed 1",
  }));
  const drawn = bundle["image/svg+xml"]!;
  for (const text of ["first", "second", "a", "↵", "␣", "█"]) {
    assert(drawn.includes(`>${text}<`), text);
  }
  assert.equal(
    bundle["text/plain"],
    "A title\nfirst, second, 2 × 2 each\nweight, 0 to 1\nto the right: column; downwards: row\nseed 1",
  );
});

Deno.test("heatMap() puts maps into rows of as many as asked for", () => {
  const maps = { a: corners, b: corners, c: corners };
  const [one, three] = [1, 3].map((across) =>
    pixelsOf(bundleOf(heatMap(maps, { ...axes, across })))
  );
  assert(one!.height > three!.height + 2 * 2 * 44);
});

Deno.test("heatMap() shows what is below zero in another colour", () => {
  const colors = (low: number) => {
    const bundle = bundleOf(heatMap({ m: [[-1, 1]] }, { ...axes, domain: [low, 1] }));
    const { at, height } = pixelsOf(bundle);
    return at(8 + 18 + 11, height / 2 - 8 - 17 - 6 - 18 - 11);
  };
  const [red, , blue] = colors(-1);
  assert(red > 2 * blue);
  const [, green] = colors(0); // clamped to the lightest
  assert(green > 200);
});

Deno.test("heatMap() has a scale from 0 to whatever there is", () => {
  const told = (row: number[]) => bundleOf(heatMap({ m: [row] }, axes))["text/plain"]!;
  assert.match(told([1, 3]), /, 0 to 3/);
  assert.match(told([-4, -1]), /, -4 to 0/);
  assert.match(told([-0.1 - 0.2, 0.4]), /, -0\.3 to 0\.4\n/);
});

Deno.test("heatMap() throws if sizes or names do not fit", () => {
  const row = [[1, 2, 3]];
  assert.throws(() => heatMap({ m: corners, odd: row }, axes), {
    name: "RangeError",
    message: /The map odd is not of 2 × 2 numbers like the first one: show matrices of one size/,
  });
  for (const maps of [{}, { m: [] }, { m: [[]] }] as Record<string, number[][]>[]) {
    assert.throws(() => heatMap(maps, axes), {
      name: "RangeError",
      message: "There is nothing to draw: give maps of one row and one column at least.",
    });
  }
  assert.throws(() => heatMap({ m: row }, { ...axes, columns: "ab" }), {
    name: "RangeError",
    message: /2 characters are to name 3 rows or columns: give one for each\./,
  });
});

Deno.test("heatMap() draws more numbers than a function takes arguments", () => {
  const many = Array.from({ length: 500 }, () => new Float32Array(500).fill(2));
  assert.match(bundleOf(heatMap({ many }, axes))["text/plain"]!, /weight, 0 to 2/);
});
