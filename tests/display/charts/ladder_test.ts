import assert from "node:assert/strict";
import { ladder } from "dlm/display/charts/ladder.ts";
import { bundleOf } from "../_support.ts";

Deno.test("ladder() tells each value and how it changed, in words and in the drawing", () => {
  const values = { start: 4.9, better: 4.2, worse: 4.253 };
  const bundle = bundleOf(
    ladder(values, { title: "Chart", label: "bits", marks: { blind: 6.02 } }),
  );
  assert.match(
    bundle["text/plain"]!,
    /start: 4\.90\nbetter: 4\.20 \(−0\.70\)\nworse: 4\.25 \(\+0\.05\)/,
  );
  for (
    const text of ["start", "better", "4.20 (−0.70)", "worse", "4.25 (+0.05)", "bits", "blind"]
  ) {
    assert(bundle["image/svg+xml"]!.includes(text), text);
  }
});

Deno.test("ladder() draws what fell in blue and what rose in red", () => {
  const blue = "#4269d0";
  const svgOf = (after: number) =>
    bundleOf(ladder({ before: 2, after }, { title: "Chart", label: "bits" }))["image/svg+xml"]!;
  assert(svgOf(1).includes(blue) && !svgOf(1).includes("#d9480f"));
  assert(svgOf(3).includes("#d9480f") && !svgOf(3).includes(blue));
});

Deno.test("ladder() takes less than a hundredth for no change", () => {
  const bundle = bundleOf(ladder({ before: 2, after: 1.996 }, { title: "Chart", label: "bits" }));
  assert.match(bundle["text/plain"]!, /after: 2\.00 \(±0\.00\)/);
  assert(!/#4269d0|#d9480f/.test(bundle["image/svg+xml"]!));
});

Deno.test("ladder() compares with the first value where that is wished for", () => {
  const values = { start: 4, better: 3, again: 3.5 };
  const { "text/plain": text } = bundleOf(
    ladder(values, { title: "Chart", label: "bits", from: "first" }),
  );
  assert.match(text!, /again: 3\.50 \(−0\.50\)/);
});

Deno.test("ladder() draws names as they are, whatever they mean in SVG", () => {
  const svg = bundleOf(
    ladder({ "<mask>": 1, "a & b": 2 }, { title: "Chart", label: "bits" }),
  )["image/svg+xml"]!;
  for (const text of [">&lt;mask&gt;<", ">a &amp; b<"]) assert(svg.includes(text), text);
});
