import assert from "node:assert/strict";
import { spreads } from "dlm/display/charts/spreads.ts";
import { bundleOf } from "../_support.ts";

const measurements = { careful: [1.9, 2, 2.1], careless: [1, 2, 3.3] };

Deno.test("spreads() tells the mean and the standard deviation of each", () => {
  const { "text/plain": text, "image/svg+xml": svg } = bundleOf(
    spreads(measurements, { title: "A title", label: "length, m", caption: "seed 1" }),
  );
  assert.equal(
    text,
    "A title\ncareful: 2.000 ± 0.100, careless: 2.100 ± 1.153\n" +
      "x, length, m, 1 to 3.4\ny, careful, careless\nseed 1",
  );
  for (const told of ["2.000 ± 0.100", "2.100 ± 1.153"]) assert(svg!.includes(told), told);
});

Deno.test("spreads() draws every measurement, and the truth where it is known", () => {
  const drawn = (truth?: number) =>
    bundleOf(
      spreads(measurements, { title: "Chart", label: "m", ...(truth !== undefined && { truth }) }),
    );
  const ticks = (svg: string) => svg.split('aria-label="tick"')[1]!.split("</g>")[0]!;
  assert.equal(ticks(drawn()["image/svg+xml"]!).split("<line").length - 1, 6);
  assert(!drawn()["image/svg+xml"]!.includes('aria-label="rule"'));
  assert(drawn(2)["image/svg+xml"]!.includes('aria-label="rule"'));
});

Deno.test("spreads() shows a part of the axis when asked to, and tells the mean of all", () => {
  const options = { title: "Chart", label: "m", domain: [0, 3] } as const;
  const { "text/plain": text } = bundleOf(spreads(measurements, options));
  assert.match(text!, /careless: 2\.100 ± 1\.153\nx, m, 0 to 3\n/);
});

Deno.test("spreads() throws if something was measured only once", () => {
  assert.throws(() => spreads({ once: [1] }, { title: "Chart", label: "m" }), {
    name: "RangeError",
    message: "There are 1 measurements of once: a spread needs at least 2.",
  });
});

Deno.test("spreads() draws a few measurements boldly, and many so that they add up", () => {
  const opacity = (count: number) => {
    const many = { many: Array.from({ length: count }, (_, i) => i) };
    const svg = bundleOf(spreads(many, { title: "Chart", label: "m" }))["image/svg+xml"]!;
    return Number(svg.match(/ stroke-opacity="([\d.]+)"/)![1]);
  };
  assert.equal(opacity(4), 0.5);
  assert.equal(opacity(400), 0.15);
});
