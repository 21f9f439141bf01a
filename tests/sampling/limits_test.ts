import assert from "node:assert/strict";
import { Rng } from "dlm/rng.ts";
import { type Frame, sample } from "dlm/sampler.ts";
import { ancestral } from "dlm/sampling/ancestral.ts";
import { inBlocks } from "dlm/sampling/in_blocks.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { confidenceThreshold } from "dlm/sampling/confidence_threshold.ts";
import { lowConfidence } from "dlm/sampling/low_confidence.ts";
import { remasking, remaskingLoop } from "dlm/sampling/remasking.ts";
import { language, maskId, T } from "../_languages.ts";

/** Samples 20 texts side by side. */
function frames(sampler: Sampler): Promise<Frame[]> {
  const templates = Array.from({ length: 20 }, () => new Int32Array(T).fill(maskId));
  return Array.fromAsync(sample(language, templates, { sampler, rng: new Rng(1) }));
}

Deno.test("samplers take options at the end of what makes sense", async () => {
  const samplers = [
    ancestral({ steps: 1 }),
    lowConfidence({ choiceTemperature: 0 }),
    confidenceThreshold({ threshold: 0 }),
    confidenceThreshold({ threshold: 1 }),
    remasking({ cap: 0 }),
    remasking({ cap: 1 }),
    remaskingLoop({ alpha: 0, sigma: 0 }),
    remaskingLoop({ alpha: 1, sigma: 1 }),
    remaskingLoop({ on: 0.5, off: 0.5 }),
    inBlocks({ length: 1, sampler: ancestral() }),
  ];
  for (const sampler of samplers) {
    const { sequences } = (await frames(sampler)).at(-1)!;
    for (const ids of sequences) assert(!ids.includes(maskId), "a mask is left");
  }
});

Deno.test("samplers throw if an option is just beyond that", () => {
  const cases: [make: () => unknown, message: RegExp][] = [
    [
      () => lowConfidence({ choiceTemperature: -Number.MIN_VALUE }),
      /choice temperature is -5e-324/,
    ],
    [() => lowConfidence({ choiceTemperature: Infinity }), /choice temperature is Infinity/],
    [() => confidenceThreshold({ threshold: -Number.MIN_VALUE }), /threshold is -5e-324/],
    [() => confidenceThreshold({ threshold: 1 + Number.EPSILON }), /threshold is 1.0000/],
    [() => remasking({ cap: -Number.MIN_VALUE }), /cap is -5e-324/],
    [() => remasking({ cap: 1 + Number.EPSILON }), /cap is 1.0000/],
    [() => remaskingLoop({ off: 0 }), /from time 0.55 to 0:/],
    [() => remaskingLoop({ on: 1 }), /from time 1 to 0.05:/],
    [() => remaskingLoop({ on: 0.5, off: 0.5 + Number.EPSILON }), /from time 0.5 to 0.5000/],
  ];
  for (const [make, message] of cases) assert.throws(make, { name: "RangeError", message });
});

Deno.test("remaskingLoop() takes back in the steps that begin within the loop, and in no others", async () => {
  const sampler = remaskingLoop({ steps: 8, on: 0.5, off: 0.25, alpha: 0.5, sigma: 1 });
  const moments = (await frames(sampler)).filter(({ remasked }) => remasked.length > 0);
  assert.deepEqual(moments.map(({ time }) => time + 1 / 8), [0.5, 0.375]); // and not 0.25
});
