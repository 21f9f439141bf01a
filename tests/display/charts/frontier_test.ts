import assert from "node:assert/strict";
import { frontierPlot, frontierTable } from "dlm/display/charts/frontier.ts";
import { bundleOf } from "../_support.ts";

const rest = { knownWords: 0.5, copied: 7.25 };
const points = [
  { name: "ancestral", evaluations: 4.5, ngramBits: 3.51, distinct: 0.75, ...rest },
  { name: "ancestral", evaluations: 16, ngramBits: 3.04, distinct: 0.7, ...rest },
  { name: "low confidence", evaluations: 16, ngramBits: 2.06, distinct: 0.3, ...rest },
];
const reference = { ngramBits: 2.2, distinct: 0.8, ...rest };

Deno.test("frontierTable() has a row a point, and real text below", () => {
  const text = bundleOf(frontierTable(points, { reference }))["text/plain"]!;
  const lines = text.split("\n");
  assert.equal(lines.length, 2 + 4);
  assert.match(lines[2]!, /^ancestral +4\.50 +3\.51 +0\.75 +0\.50 +7\.25$/);
  assert.match(lines[5]!, /^real text +2\.20 +0\.80 +0\.50 +7\.25$/);
});

Deno.test("frontierPlot() shows fluency and variety, with a line a sampler and one for real text", () => {
  const bundle = bundleOf(frontierPlot(points, { reference }));
  const svg = bundle["image/svg+xml"]!;
  for (
    const word of ["ancestral", "low confidence", "evaluations a text", "n-gram model", "varied"]
  ) {
    assert(svg.includes(word), word);
  }
  assert.equal(svg.match(/stroke-dasharray="4,4"/g)!.length, 2);
  assert(!bundleOf(frontierPlot(points))["image/svg+xml"]!.includes("dasharray"));
  assert.match(bundle["text/plain"]!, /low confidence +16 +2\.06 +0\.30/);
});
