import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { firstHitting } from "dlm/sampling/first_hitting.ts";
import { inBlocks } from "dlm/sampling/in_blocks.ts";
import { lowConfidence } from "dlm/sampling/low_confidence.ts";
import { randomOrder } from "dlm/sampling/random_order.ts";

/** As the solutions have it. */
const leftmost: Sampler = async function* (canvas) {
  for (let left = canvas.masks(); left.flat().length > 0; left = canvas.masks()) {
    canvas.write(await canvas.guess(left.flatMap((places) => places.slice(0, 1))));
    yield canvas.masks().flat().length / (2 * canvas.length);
  }
};

Deno.test("exercise 06.1 accepts samplers that write from left to right", async () => {
  assert.match(await replyTo("06.1", leftmost), /^Right/);
  assert.match(await replyTo("06.1", inBlocks({ length: 1, sampler: randomOrder() })), /^Right/);
});

Deno.test("exercise 06.1 takes what writes nothing for no answer", async () => {
  assert.match(await replyTo("06.1", async function* () {}), /^No answer yet: .* writes nothing/);
});

Deno.test("exercise 06.1 says what is wrong with a sampler", async () => {
  const wrong: [RegExp, unknown][] = [
    [/wrote place \d while the first mask was at place \d/, firstHitting()],
    [/wrote \d characters of one text/, lowConfidence({ steps: 2 })],
    [/takes back/, async function* (canvas) {
      for await (const time of leftmost(canvas)) yield time;
      canvas.erase(canvas.written());
      yield 0;
    } as Sampler],
    [/ended with an error. .* is not/, () => 7],
    [/ended with an error. Oh!/, async function* () {
      yield 1;
      throw new Error("Oh!");
    }],
    [/goes on for ever/, async function* (canvas) {
      while (canvas.masks().flat().length > 0) {
        await canvas.guess(canvas.masks()[0]!.slice(0, 1));
        yield 1;
      }
    } as Sampler],
    [/no mask at the place undefined/, async function* (canvas) {
      for (let left = 6; left > 0; left--) {
        canvas.write(await canvas.guess(canvas.masks().map(([first]) => first!)));
        yield (left - 1) / 6;
      }
    } as Sampler],
    [/stopped with 9 of 11 masks left/, async function* (canvas) {
      canvas.write(await canvas.guess(canvas.masks().map(([first]) => first!)));
      yield 0;
    } as Sampler],
    [/yields before it writes/, async function* (canvas) {
      for (let masks = canvas.masks(); masks.flat().length > 0; masks = canvas.masks()) {
        yield masks.flat().length / 11;
        canvas.write(await canvas.guess(masks.flatMap((places) => places.slice(0, 1))));
      }
    } as Sampler],
    [/What it yields is a time/, async function* (canvas) {
      let n = 0;
      for await (const _ of leftmost(canvas)) yield n++;
    } as Sampler],
    [/asked 11 times for two texts/, async function* (canvas) {
      for (let left = 11; left > 0; left--) {
        canvas.write(await canvas.guess(canvas.masks().flat().slice(0, 1)));
        yield (left - 1) / 11;
      }
    } as Sampler],
  ];
  for (const [said, sampler] of wrong) assert.match(await replyTo("06.1", sampler), said);
});

Deno.test("exercises 06.2 to 06.4 accept what the solutions find, and know some slips", async () => {
  assert.match(await replyTo("06.2", 0.25), /^Right/);
  assert.match(await replyTo("06.2", 1), /no letter knows of another/);
  const likelier = (t: number) => 0.8 ** (1 / t) / (0.8 ** (1 / t) + 0.2 ** (1 / t));
  assert.match(await replyTo("06.3", likelier), /^Right/);
  assert.match(await replyTo("06.3", () => 0.8), /value 2 of 3.*add up to 1/);
  assert.match(await replyTo("06.3", () => NaN), /^No answer yet/);
  assert.match(await replyTo("06.4", 62), /^Right/);
  assert.match(await replyTo("06.4", 64), /share a step/);
  assert.match(await replyTo("06.4", 500), /none of the 64/);
});
