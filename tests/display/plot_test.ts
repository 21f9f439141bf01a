import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as Plot from "@observablehq/plot";
import { plot } from "dlm/display/plot.ts";
import { bundleOf, pixelsOf, pngOf } from "./_support.ts";

const curves = ["linear", "cosine"].flatMap((name) =>
  Array.from({ length: 101 }, (_, i) => ({
    name,
    t: i / 100,
    alpha: name === "linear" ? 1 - i / 100 : Math.cos((i / 100) * Math.PI / 2),
  }))
);

const schedules = {
  title: 'Schedules, "linear" & <cosine>',
  subtitle: "how fast they destroy a text",
  caption: "Both end at 0.",
  x: { label: "time" },
  y: { grid: true },
  color: { legend: true },
  marks: [
    Plot.line(curves, { x: "t", y: "alpha", stroke: "name" }),
    Plot.frame(),
  ],
};

/** A 64 by 64 attention map. */
const attention = Array.from({ length: 64 * 64 }, (_, i) => {
  const [query, key] = [Math.floor(i / 64), i % 64];
  return Math.exp(-Math.abs(query - key) / 8) * (1 + Math.sin(i * i)) / 2;
});

Deno.test("plot() is shown as HTML, PNG, SVG and text", () => {
  const bundle = bundleOf(plot(schedules));
  assert.deepEqual(Object.keys(bundle).sort(), [
    "image/png",
    "image/svg+xml",
    "text/html",
    "text/plain",
  ]);
  assert.deepEqual([...pngOf(bundle).subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  assert.ok(pngOf(bundle).length < 60_000, "an ordinary chart stays small");
});

Deno.test("plot() shows in HTML the same SVG, no wider than the page, with its title in words", () => {
  const bundle = bundleOf(plot({ ...schedules, title: 'What is "left"' }));
  const [, base64, width] = bundle["text/html"]!.match(
    /^<img src="data:image\/svg\+xml;base64,([^"]+)" alt="What is &quot;left&quot;" width="(\d+)" style="max-width:100%;height:auto">$/,
  )!;
  assert.equal(Buffer.from(base64!, "base64").toString(), bundle["image/svg+xml"]);
  assert.equal(2 * Number(width), pixelsOf(bundle).width);
});

Deno.test("plot() has two pixels of PNG for each pixel of SVG", () => {
  const bundle = bundleOf(plot({ width: 300, height: 200, marks: [Plot.frame()] }));
  assert.match(bundle["image/svg+xml"]!, /^<svg [^>]*width="316" height="216"/);
  const { width, height } = pixelsOf(bundle);
  assert.deepEqual([width, height], [632, 432]);
});

Deno.test("plot() brings its own ground and ink, so that no theme hides it", () => {
  const tip = Plot.tip([[0.5, 0.5]], { title: () => "a tip" });
  const svg = bundleOf(plot({ ...schedules, marks: [...schedules.marks, tip] }))["image/svg+xml"]!;
  assert.match(
    svg,
    /^<svg [^>]*fill="#1f2328"[^>]*><rect width="100%" height="100%" fill="white"\/>/,
  );
  assert.doesNotMatch(svg, /currentColor|var\(|<style/);
  const pixels = pixelsOf(bundleOf(plot(schedules)));
  assert.deepEqual(pixels.at(1, 1), [255, 255, 255]);
});

Deno.test("plot() draws title, subtitle, legend and caption into the picture", () => {
  const svg = bundleOf(plot(schedules))["image/svg+xml"]!;
  assert.match(svg, />Schedules, &quot;linear&quot; &amp; &lt;cosine&gt;<\/text>/);
  for (const text of ["how fast they destroy a text", "linear", "cosine", "Both end at 0."]) {
    assert.ok(svg.includes(`>${text}</text>`), text);
  }
  assert.doesNotMatch(svg, /<(figure|h2|h3|div|span|figcaption)/);
});

Deno.test("plot() gives no place more than two decimals", () => {
  const svg = bundleOf(plot(schedules))["image/svg+xml"]!;
  assert.match(svg, / d="M[^"]*\.\d\d/);
  assert.doesNotMatch(svg, / (d|x|y|transform)="[^"]*\.\d{3}/);
});

Deno.test("plot() writes with a font of its own", () => {
  const chart = (title: string) => pixelsOf(bundleOf(plot({ title, axis: null, marks: [] })));
  assert.equal(chart(" ").darker(128), 0);
  assert.ok(chart("α(t) → ▒").darker(128) > 200);
});

Deno.test("plot() shares no ids with another picture, and keeps its own when drawn again", () => {
  const draw = (stroke: string) =>
    bundleOf(plot({
      marks: [Plot.line([[0, 1], [2, 3]], { stroke, marker: true, clip: true })],
    }))["image/svg+xml"]!;
  const ids = (svg: string) => [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
  const [red, blue] = [draw("red"), draw("blue")];
  assert.equal(ids(red).length, 2);
  assert.equal(new Set([...ids(red), ...ids(blue)]).size, 4);
  for (const id of ids(red)) assert.ok(red.includes(`url(#${id})`), id);
  assert.equal(draw("red"), red);
});

Deno.test("plot() says in words what it shows", () => {
  assert.equal(
    bundleOf(plot(schedules))["text/plain"],
    [
      'Schedules, "linear" & <cosine>',
      "how fast they destroy a text",
      "x, time, 0 to 1",
      "y, alpha, 0 to 1",
      "color, cosine, linear",
      "Both end at 0.",
    ].join("\n"),
  );
});

Deno.test("plot() draws the legend of a continuous colour scale, and rasters with sharp cells", () => {
  const bundle = bundleOf(plot({
    width: 400,
    height: 400,
    margin: 40,
    color: { scheme: "greys", domain: [0, 1], legend: true, label: "weight" },
    marks: [Plot.raster([0, 1, 1, 0], { width: 2, height: 2, imageRendering: "pixelated" })],
  }));
  assert.match(bundle["image/svg+xml"]!, />weight<\/text>/);
  const { at, height } = pixelsOf(bundle);
  const top = height / 2 - 8 - 400 + 40;
  // The first value is the lower left cell; just beside the middle it is as it is inside.
  assert.deepEqual(at(8 + 40 + 10, top + 310), at(8 + 40 + 155, top + 165));
  assert.ok(at(8 + 40 + 155, top + 165)[0] > 240);
  assert.ok(at(8 + 40 + 165, top + 165)[0] < 16);
  // The legend runs from white to black.
  assert.ok(at(8 + 2, 8 + 24)[0] > 240);
  assert.ok(at(8 + 238, 8 + 24)[0] < 16);
});

Deno.test("plot() keeps an attention map small, drawn as a raster or as cells", () => {
  const options = { width: 480, height: 480, color: { scheme: "viridis" } } as const;
  const raster = bundleOf(plot({
    ...options,
    marks: [Plot.raster(attention, { width: 64, height: 64, imageRendering: "pixelated" })],
  }));
  const cells = bundleOf(plot({
    ...options,
    marks: [
      Plot.cell(attention, {
        x: (_, i) => i % 64,
        y: (_, i) => Math.floor(i / 64),
        fill: attention,
      }),
    ],
  }));
  assert.ok(pngOf(raster).length < 60_000);
  assert.ok(pngOf(cells).length < 60_000);
  assert.ok(raster["image/svg+xml"]!.length < 60_000);
  assert.deepEqual(pixelsOf(raster).at(1, 1), [255, 255, 255], "the commonest colours are exact");
  assert.equal(cells["image/svg+xml"], undefined, "4096 cells are too long as SVG");
});

Deno.test("plot() of nothing is an empty chart", () => {
  const text = bundleOf(plot({ x: { domain: [], type: "band" }, marks: [] }))["text/plain"];
  assert.match(text!, /x, nothing/);
});
