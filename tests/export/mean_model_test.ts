import assert from "node:assert/strict";
import { meanModel } from "dlm/export/mean_model.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { randomParameters, randomTraining, TINY } from "../_support.ts";

const one: Checkpoint = {
  version: "1.2.3",
  config: TINY,
  characters: ["a", "b", "c", "d", "🙂"],
  corpus: { name: "letters", sha256: "1" },
  average: randomParameters(TINY, 1),
};
const other = { ...one, average: randomParameters(TINY, 2) };

Deno.test("meanModel() has the mean of each number, and nothing of the training", () => {
  const done = { step: 40, seconds: 1.5 };
  const settings = { ...PRESETS.smoke, seed: 7 };
  const training = { ...randomTraining(TINY, 2), done, settings };
  const { average, ...model } = meanModel({ ...one, kernels: "simd", training }, other);
  const { average: _, ...expected } = one;
  assert.deepEqual(model, expected);
  assert.deepEqual(Object.keys(average), Object.keys(one.average));
  for (const [name, numbers] of Object.entries(average)) {
    const [a, b] = [one.average[name]!, other.average[name]!];
    assert.deepEqual(numbers, a.map((value, i) => (value + b[i]!) / 2));
  }
});

Deno.test("meanModel() wants models of one size, one text and one vocabulary", () => {
  const config = { ...TINY, layers: TINY.layers + 1 };
  const strangers: Checkpoint[] = [
    { ...other, config, average: randomParameters(config, 2) },
    { ...other, config: { ...TINY, context: TINY.context + 1 } },
    { ...other, characters: ["a", "b", "c", "d", "e"] },
    { ...other, corpus: { name: "letters", sha256: "2" } },
  ];
  for (const stranger of strangers) {
    assert.throws(() => meanModel(one, stranger), {
      name: "RangeError",
      message: /^Only models of one size that learned from one text have a mean/,
    });
  }
});
