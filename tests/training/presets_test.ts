import assert from "node:assert/strict";
import { initialParameters } from "dlm/model.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";

for (const [name, preset] of Object.entries(PRESETS)) {
  Deno.test(`the preset ${name} is one that can be run`, () => {
    const { layers, width, heads, context, batch, microBatch } = preset;
    const config = { vocabularySize: 65, layers, width, heads, context, causal: false };
    assert.doesNotThrow(() => initialParameters({ ...config, layers: 1 }, new Rng(1)));
    assert.equal(batch % microBatch, 0, "every micro-batch is full");
    assert("steps" in preset !== "seconds" in preset, "it has one budget");
  });
}
