import assert from "node:assert/strict";
import { frontierPlot, frontierTable } from "dlm/display/charts/frontier.ts";
import { bundleOf } from "../_support.ts";

const errors = { ngramBits: 0.04, distinct: 0.01, knownWords: 0.03, copied: 0.5 };
const rest = { knownWords: 0.5, copied: 7.25, standardErrors: errors };
const points = [
  { name: "ancestral", evaluations: 4.5, ngramBits: 3.51, distinct: 0.75, ...rest },
  { name: "ancestral", evaluations: 16, ngramBits: 3.04, distinct: 0.7, ...rest },
  { name: "low confidence", evaluations: 16, ngramBits: 2.06, distinct: 0.3, ...rest },
];
const reference = { ngramBits: 2.2, distinct: 0.8, ...rest };
const title = "Confidence buys fluency with variety";

Deno.test("frontierTable() has a row a point, and real text below", () => {
  const text = bundleOf(frontierTable(points, { reference }))["text/plain"]!;
  const lines = text.split("\n");
  assert.equal(lines.length, 2 + 4);
  assert.match(
    lines[2]!,
    /^ancestral +4\.50 +3\.51 ± 0\.04 +0\.75 ± 0\.01 +0\.50 ± 0\.03 +7\.25 ± 0\.50$/,
  );
  assert.match(
    lines[5]!,
    /^real text +2\.20 ± 0\.04 +0\.80 ± 0\.01 +0\.50 ± 0\.03 +7\.25 ± 0\.50$/,
  );
});

Deno.test("frontierTable() tells no errors of a single text", () => {
  const standardErrors = { ngramBits: NaN, distinct: NaN, knownWords: NaN, copied: NaN };
  const text = bundleOf(frontierTable([{ ...points[0]!, standardErrors }]))["text/plain"]!;
  assert.doesNotMatch(text, /±|NaN/);
});

Deno.test("frontierPlot() shows fluency and variety, with a line a sampler and one for real text", () => {
  const bundle = bundleOf(frontierPlot(points, { title, reference, caption: "seed 1" }));
  const svg = bundle["image/svg+xml"]!;
  for (
    const word of [
      "ancestral",
      "low confidence",
      "evaluations a text",
      "n-gram model",
      "varied",
      title,
      "seed 1",
    ]
  ) {
    assert(svg.includes(word), word);
  }
  assert.equal(svg.match(/stroke-dasharray="4,4"/g)!.length, 2);
  assert(!bundleOf(frontierPlot(points, { title }))["image/svg+xml"]!.includes("dasharray"));
  const bars = /aria-label="rule"[^>]*>(.*?)<\/g>/gs;
  const errorBars = [...svg.matchAll(bars)].flatMap(([, inner]) => inner!.match(/<line/g) ?? []);
  assert.equal(errorBars.length, 2 * (1 + points.length)); // and the dashed line
  assert.match(bundle["text/plain"]!, /low confidence +16 +2\.06 ± 0\.04 +0\.30/);
});
