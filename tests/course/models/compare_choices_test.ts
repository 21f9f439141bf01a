import assert from "node:assert/strict";
import { createCorpus } from "dlm/corpus.ts";
import { bitsByChoices, curvesByChoices } from "dlm/course/models/compare_choices.ts";
import { sharedPanel } from "dlm/display/panel.ts";
import { SIMPLE_DLM, UNDONE } from "dlm/simple_dlm/choices.ts";
import { assertNoLeak } from "../../_support.ts";

const corpus = createCorpus("counting", "one two three\nfour five six\nseven eight\n".repeat(80));

/** Two runs of two steps, and how often they were shown. */
async function compare(variants = { toy: SIMPLE_DLM, ours: UNDONE }, seed = 1) {
  const outputs = new Set<string | undefined>();
  const panel = sharedPanel((_, { display_id }) => Promise.resolve(void outputs.add(display_id)));
  const options = { corpus, panel, seed, steps: 2 };
  const curves = await curvesByChoices(variants, { ...options, evaluateEvery: 1 });
  return { curves, outputs, bits: await bitsByChoices(variants, options) };
}

Deno.test("curvesByChoices() trains each in turn, in one panel, and frees all", async () => {
  await assertNoLeak(async () => {
    const { curves, outputs } = await compare();
    assert.deepEqual(Object.keys(curves), ["toy", "ours"]);
    for (const curve of Object.values(curves)) {
      assert.deepEqual(curve.map(([step]) => step), [1, 2]);
      assert(curve.every(([, bits]) => bits > 0));
    }
    assert.equal(outputs.size, 1);
  });
});

Deno.test("bitsByChoices() tells how the curves end", async () => {
  const { curves, bits } = await compare();
  assert.deepEqual(bits, { toy: curves.toy![1]![1], ours: curves.ours![1]![1] });
});

Deno.test("what is compared differs in its choices and in its seed, and in nothing else", async () => {
  const { bits } = await compare();
  assert.notEqual(bits.toy, bits.ours);
  const again = await compare({ toy: UNDONE, ours: SIMPLE_DLM });
  assert.deepEqual(again.bits, { toy: bits.ours, ours: bits.toy });
  assert.notDeepEqual((await compare(undefined, 2)).bits, bits);
});
