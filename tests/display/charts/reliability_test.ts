import assert from "node:assert/strict";
import { reliability } from "dlm/display/charts/reliability.ts";
import { bundleOf } from "../_support.ts";

const bin = (predicted: number, hits: number, count: number) => {
  return { predicted, hits, count, standardError: 0.02 };
};
const title = "Nobody boasts";
const models = {
  denoiser: { error: 0.05, bins: [bin(0.15, 0.2, 50), bin(0.75, 0.7, 50)] },
  twin: { error: 0.12, bins: [bin(0.5, 0.62, 12)] },
};

Deno.test("reliability() has a line a model, the diagonal, and an error for each point", () => {
  const svg = bundleOf(reliability(models, { title }))["image/svg+xml"]!;
  for (const word of ["denoiser", "twin", "share that is right", "guesses", "calibration error"]) {
    assert(svg.includes(word), word);
  }
  assert.equal(svg.match(/stroke-dasharray="4,4"/g)!.length, 1);
  const [errors] = svg.match(/<g aria-label="rule"[^]*?<\/g>/)!;
  assert.equal(errors!.match(/<line/g)!.length, 3);
  assert(
    !bundleOf(reliability({ twin: models.twin }, { title }))["image/svg+xml"]!.includes("denoiser"),
  );
});

Deno.test("reliability() tells each bin in words", () => {
  assert.equal(
    bundleOf(reliability(models, { title }))["text/plain"],
    [
      "Nobody boasts",
      "denoiser",
      "  given 0.15, right 0.20, 50 guesses",
      "  given 0.75, right 0.70, 50 guesses",
      "twin",
      "  given 0.50, right 0.62, 12 guesses",
      "calibration error: denoiser 5.0 %, twin 12.0 %",
    ].join("\n"),
  );
});

Deno.test("reliability() throws if there is no model", () => {
  assert.throws(() => reliability({}, { title }), {
    name: "RangeError",
    message: "There is no model to draw: give reliability() at least one.",
  });
});
