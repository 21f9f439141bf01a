import assert from "node:assert/strict";
import { filmstrip } from "dlm/display/frames/filmstrip.ts";
import type { Frame } from "dlm/sampler.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { bundleOf } from "../_support.ts";

const tokenizer = new CharTokenizer(["\n", "a", "b"]);

/** Frames of one sequence each, as text: a mask is "▒". */
async function* framesOf(...texts: string[]): AsyncGenerator<Frame> {
  for (const [i, text] of texts.entries()) {
    yield {
      sequences: [
        Int32Array.from(text, (c) => c === "▒" ? tokenizer.maskId : tokenizer.encode(c)[0]!),
      ],
      confidences: [],
      revealed: new Int32Array(),
      remasked: new Int32Array(),
      time: 1 - i / (texts.length - 1),
      evaluations: i,
    };
  }
}

Deno.test("filmstrip() shows a frame a row with its step, and line breaks as a sign", async () => {
  const frames = framesOf("a▒▒▒", "a▒\n▒", "ab\na");
  const { "text/plain": text } = bundleOf(await filmstrip(frames, tokenizer));
  assert.equal(text, "step 0  a▒▒▒\nstep 1  a▒↵▒\nstep 2  ab↵a");
});

Deno.test("filmstrip() chooses rows at even distances, the first and last among them", async () => {
  const frames = framesOf("▒▒▒▒", "▒▒▒a", "▒▒aa", "▒aaa", "aaaa");
  const { "text/plain": text } = bundleOf(await filmstrip(frames, tokenizer, { rows: 3 }));
  assert.equal(text, "step 0  ▒▒▒▒\nstep 2  ▒▒aa\nstep 4  aaaa");
});

Deno.test("filmstrip() colours what appeared and leaves plain what was given", async () => {
  const drawing = async (...texts: string[]) =>
    bundleOf(await filmstrip(framesOf(...texts), tokenizer))["image/svg+xml"]!;
  const grounds = (svg: string) => new Set(svg.match(/<path fill="[^"]+"/g)).size;
  assert.equal(grounds(await drawing("ab", "ab")), 0);
  assert.equal(grounds(await drawing("▒a▒", "▒ab", "aab")), 3); // two steps, and the masks
});
