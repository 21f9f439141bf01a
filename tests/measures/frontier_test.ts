import assert from "node:assert/strict";
import { frontier } from "dlm/measures/frontier.ts";
import { ancestral } from "dlm/sampling/ancestral.ts";
import { inBlocks } from "dlm/sampling/in_blocks.ts";
import { firstHitting } from "dlm/sampling/first_hitting.ts";
import { randomOrder } from "dlm/sampling/random_order.ts";
import { fakeInterrupt, lookupDenoiser } from "../_support.ts";

const standardErrors = { ngramBits: 0.1, distinct: 0.1, knownWords: 0.1, copied: 0.1 };
const denoiser = lookupDenoiser([[0, 1], [1, 0], [0, 0], [0, 2]]);

Deno.test("frontier() counts how often the model reads a text, and judges what is written", async () => {
  const judged: number[][] = [];
  const quality = { ngramBits: 1, distinct: 0.5, knownWords: 0.25, copied: 3, standardErrors };
  const points = await Array.fromAsync(frontier(denoiser, {
    candidates: [
      { name: "ancestral", sampler: ancestral({ steps: 1 }) },
      { name: "ancestral", sampler: ancestral({ steps: 4 }) },
      { name: "first hitting", sampler: firstHitting() },
      { name: "blocks", sampler: inBlocks({ length: 4, sampler: ancestral({ steps: 1 }) }) },
    ],
    judge(texts) {
      judged.push(texts.map((text) => text.length));
      return quality;
    },
    texts: 500,
  }));
  assert.deepEqual(judged, new Array(4).fill(new Array(500).fill(4)));
  const [one, four, all, block] = points.map(({ evaluations }) => evaluations);
  assert.deepEqual([one, all, block], [1, 4, 1]);
  // Of 4 steps, one reveals nothing of a text with probability (3/4)^4.
  assert(Math.abs(four! - 4 * (1 - 0.75 ** 4)) < 0.15, `${four}`);
  for (const { name: _, evaluations: __, ...rest } of points) assert.deepEqual(rest, quality);
});

Deno.test("frontier() writes texts of the length asked for, the same from the same seed", async () => {
  const write = async (seed: number) => {
    let written: readonly Int32Array[] = [];
    await Array.fromAsync(frontier(denoiser, {
      candidates: [{ name: "blocks", sampler: inBlocks({ length: 2, sampler: firstHitting() }) }],
      judge(texts) {
        written = texts;
        return { ngramBits: 0, distinct: 0, knownWords: 0, copied: 0, standardErrors };
      },
      texts: 3,
      length: 9,
      seed,
    }));
    return written;
  };
  assert.deepEqual((await write(1)).map((text) => text.length), [9, 9, 9]);
  assert.deepEqual(await write(1), await write(1));
  assert.notDeepEqual(await write(1), await write(2));
});

Deno.test("frontier() throws if there are to be no texts", async () => {
  const judge = () => ({ ngramBits: 0, distinct: 0, knownWords: 0, copied: 0, standardErrors });
  for (const texts of [0, -1, 1.5, NaN]) {
    await assert.rejects(
      Array.fromAsync(frontier(denoiser, { candidates: [], judge, texts })),
      { name: "RangeError", message: /^Cannot write .+ texts: give a whole number of at least 1/ },
    );
  }
});

Deno.test("frontier() refuses a causal model, as sample() does", async () => {
  const causal = { ...denoiser, causal: true };
  const candidates = [{ name: "first hitting", sampler: firstHitting() }];
  const judge = () => ({ ngramBits: 0, distinct: 0, knownWords: 0, copied: 0, standardErrors });
  await assert.rejects(Array.fromAsync(frontier(causal, { candidates, judge })), {
    name: "RangeError",
    message: "A causal model predicts the next character and cannot fill in masks: " +
      "sample from a denoiser.",
  });
});

Deno.test("frontier() judges nothing unfinished when interrupted", async () => {
  using interrupt = fakeInterrupt();
  const judged: Int32Array[] = [];
  const candidates = [1, 2].map((steps) => ({ name: "random", sampler: randomOrder({ steps }) }));
  await assert.rejects(async () => {
    const points = frontier(denoiser, {
      candidates,
      judge(texts) {
        judged.push(...texts);
        return { ngramBits: 0, distinct: 0, knownWords: 0, copied: 0, standardErrors };
      },
      texts: 1,
    });
    for await (const _ of points) interrupt.press();
  }, { name: "Interrupted", message: "Stopped after 1 of 2 samplers." });
  assert.equal(judged.length, 1);
});

/** What two candidates write, as texts. */
async function written(options: Partial<Parameters<typeof frontier>[1]>): Promise<string[][]> {
  const texts: string[][] = [];
  const judge = (written: readonly Int32Array[]) => {
    texts.push(written.map(String));
    return { ngramBits: 0, distinct: 0, knownWords: 0, copied: 0, standardErrors };
  };
  const candidates = [1, 2].map(() => ({ name: "ancestral", sampler: ancestral() }));
  await Array.fromAsync(frontier(denoiser, { candidates, judge, texts: 20, ...options }));
  return texts;
}

Deno.test("frontier() draws as it is told to, and for all candidates with the same dice", async () => {
  const [one, other] = await written({});
  assert.deepEqual(one, other);
  assert(new Set(one).size > 4);
  for (const drawing of [{ temperature: 1e-6 }, { topK: 1 }, { topP: 1e-6 }]) {
    for (const text of (await written(drawing))[0]!) assert.match(text, /^1,0,[01],1$/);
  }
  await assert.rejects(written({ temperature: 0 }), { name: "RangeError", message: /temperature/ });
});
