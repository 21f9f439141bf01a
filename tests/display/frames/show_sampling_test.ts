import assert from "node:assert/strict";
import type { DisplayOptions } from "dlm/display/_notebook.ts";
import { showSampling } from "dlm/display/frames/show_sampling.ts";
import type { Bundle } from "dlm/display/picture.ts";
import { FRAMES, tokenizer } from "../_frames.ts";

/** Shows the frames, each of which takes so many milliseconds. */
async function show(milliseconds: number) {
  const shown: { bundle: Bundle; options: DisplayOptions }[] = [];
  let time = 0;
  const frames = FRAMES.values().map((frame) => {
    time += milliseconds;
    return frame;
  });
  await showSampling(frames, tokenizer, {
    display: (bundle, options) => Promise.resolve(void shown.push({ bundle, options })),
    now: () => time,
  });
  return shown;
}

Deno.test("showSampling() shows every frame in one place, and in the end the animation", async () => {
  const shown = await show(1000);
  assert.equal(shown.length, FRAMES.length + 1);
  assert.deepEqual(shown.map(({ bundle }) => bundle["text/plain"]).slice(0, -1), [
    ...["a▒▒", "a▒<", "ab<", "ab<", "ab▒", "ab↵"],
  ]);
  assert.deepEqual(shown.map(({ options }) => options.update), [false, ...FRAMES.map(() => true)]);
  assert.equal(new Set(shown.map(({ options }) => options.display_id)).size, 1);
  assert.match(String(shown.at(-1)!.bundle["text/html"]), /^<img src="data:image\/gif;base64,/);
});

Deno.test("showSampling() draws ten times a second at the most", async () => {
  assert.equal((await show(50)).length, 3 + 1); // every other one
});

Deno.test("showSampling() says what to do where there is no notebook", async () => {
  await assert.rejects(showSampling(FRAMES, tokenizer), {
    message: /^showSampling\(\) draws in a notebook, and this is not one: loop over the frames/,
  });
});
