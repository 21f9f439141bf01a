import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { animation } from "dlm/display/frames/animation.ts";
import { denoisingGif } from "dlm/display/frames/gif.ts";
import { FRAMES, tokenizer } from "../_frames.ts";
import { bundleOf } from "../_support.ts";

Deno.test("animation() is the GIF of denoisingGif(), and asks for no other file", async () => {
  const options = { columns: 2, seconds: 1 };
  const html = bundleOf(await animation(FRAMES, tokenizer, options))["text/html"]!;
  const [, gif, width] =
    /^<img src="data:image\/gif;base64,([^"]+)" width="(\d+)" style="max-width:100%" alt="A text comes out of the noise: ab\n">$/
      .exec(html)!;
  const expected = await denoisingGif(FRAMES, tokenizer, options);
  assert.deepEqual(new Uint8Array(Buffer.from(gif!, "base64")), expected);
  assert.equal(2 * Number(width), new DataView(expected.buffer).getUint16(6, true));
});

Deno.test("animation() is a film strip where no HTML is shown", async () => {
  const bundle = bundleOf(await animation(FRAMES, tokenizer));
  assert.equal(bundle["text/plain"]!.split("\n").at(-1), "step 5  ab↵");
  assert.deepEqual(Object.keys(bundle).sort(), ["image/png", "text/html", "text/plain"]);
});
