import assert from "node:assert/strict";
import { filmstrip } from "dlm/display/frames/filmstrip.ts";
import { maskedText } from "dlm/display/frames/masked_text.ts";
import type { Frame } from "dlm/sampler.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { FRAMES, tokenizer as others } from "../_frames.ts";
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
  const one = bundleOf(await filmstrip(framesOf("▒▒", "aa"), tokenizer, { rows: 1 }));
  assert.equal(one["text/plain"], "step 1  aa");
});

Deno.test("filmstrip() colours what appeared and leaves plain what was given", async () => {
  const drawing = async (...texts: string[]) =>
    bundleOf(await filmstrip(framesOf(...texts), tokenizer))["image/svg+xml"]!;
  const grounds = (svg: string) => new Set(svg.match(/<path fill="[^"]+"/g)).size;
  assert.equal(grounds(await drawing("ab", "ab")), 0);
  assert.equal(grounds(await drawing("▒a▒", "▒ab", "aab")), 3); // two steps, and the masks
});

Deno.test("filmstrip() breaks long frames, which then stand apart", async () => {
  const options = { columns: 2 };
  const bundle = bundleOf(await filmstrip(framesOf("a▒▒", "ab▒"), tokenizer, options));
  assert.equal(bundle["text/plain"], "step 0  a▒\n        ▒\n\nstep 1  ab\n        ▒");
  const width = Number(/width="(\d+)"/.exec(bundle["image/svg+xml"]!)![1]);
  const { "image/svg+xml": short } = bundleOf(await filmstrip(framesOf("a▒", "ab"), tokenizer));
  assert.equal(width, Number(/width="(\d+)"/.exec(short!)![1]));
});

Deno.test("filmstrip() can show the confidence with which characters were written", async () => {
  const frames = FRAMES.slice(0, 3);
  const svg = bundleOf(await filmstrip(frames, others, { color: "confidence" }))["image/svg+xml"]!;
  assert(svg.includes("probability when written") && !svg.includes("appeared"));
  const page = maskedText("ab<", { values: FRAMES[2]!.confidences[0]!, domain: [0, 1] });
  const fills = bundleOf(page)["image/svg+xml"]!.match(/<path fill="[^"]+"/g)!;
  assert.equal(fills.length, 2);
  for (const fill of fills) assert(svg.includes(fill));
});
