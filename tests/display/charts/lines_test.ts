import assert from "node:assert/strict";
import { type Line, lines } from "dlm/display/charts/lines.ts";
import { bundleOf } from "../_support.ts";

const axes = { title: "Chart", x: "step", y: "bits" };
const rising = [[0, 1], [1, 2], [2, 6]] as const;

/** How many lines the drawing has. */
function drawnLines(svg: string): number {
  const [, marks = ""] = svg.split('aria-label="line"');
  return marks.split("</g>")[0]!.split("<path").length - 1;
}

Deno.test("lines() draws a line for each series and names them all", () => {
  const bundle = bundleOf(lines({ small: rising, large: rising }, axes));
  assert.equal(drawnLines(bundle["image/svg+xml"]!), 2);
  for (const text of ["small", "large", "step", "bits"]) {
    assert(bundle["text/plain"]!.includes(text), text);
  }
});

Deno.test("lines() draws no legend for a single line", () => {
  const bundle = bundleOf(lines({ alone: rising }, axes));
  assert.equal(drawnLines(bundle["image/svg+xml"]!), 1);
  assert(!bundle["image/svg+xml"]!.includes(">alone<"));
});

Deno.test("lines() writes no halves beneath a few whole numbers", () => {
  const numbers = (points: Line) => {
    const svg = bundleOf(lines({ alone: points }, axes))["image/svg+xml"]!;
    const [, labels] = svg.match(/aria-label="x-axis tick label".*?>(.*?)<\/g>/)!;
    return [...labels!.matchAll(/>([^<]+)<\/text>/g)].map(([, text]) => text);
  };
  assert.deepEqual(numbers(rising), ["0", "1", "2"]);
  assert.deepEqual(numbers([[5, 2]]), ["5"]);
  assert(numbers([[0, 1], [1.5, 2], [2, 6]]).includes("0.2"));
});

Deno.test("lines() smooths over neighbouring points when asked to", () => {
  const { "text/plain": text } = bundleOf(lines({ alone: rising }, { ...axes, smooth: 3 }));
  assert.match(text!, /y, bits, 1\.5 to 4/);
});

Deno.test("lines() throws if there is not a single point to draw", () => {
  for (const series of [{}, { empty: [] }, { none: [[0, NaN], [1, Infinity]] as const }]) {
    assert.throws(() => lines(series as Record<string, Line>, { title: "Chart", x: "x", y: "y" }), {
      name: "RangeError",
      message: "There is not a single point to draw: give lines() finite numbers.",
    });
  }
});
