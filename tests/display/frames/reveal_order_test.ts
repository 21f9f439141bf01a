import assert from "node:assert/strict";
import { revealOrder } from "dlm/display/frames/reveal_order.ts";
import { frameOf, FRAMES, tokenizer } from "../_frames.ts";
import { bundleOf } from "../_support.ts";

const grounds = (svg: string) => [...svg.matchAll(/<path fill="([^"]+)" d="M(\d+)/g)];

Deno.test("revealOrder() colours each character by the last step that wrote it", async () => {
  const bundle = bundleOf(await revealOrder(FRAMES, tokenizer));
  assert.equal(bundle["text/plain"], "ab↵");
  const [b, newline, ...others] = grounds(bundle["image/svg+xml"]!);
  assert.deepEqual([b![2], newline![2], others], ["8", "16", []]);
  // With the newline written in step 1, not anew in step 5, "b" of step 2 is the darker one.
  const early = [
    frameOf("a▒▒"),
    frameOf("a▒\n", [], { revealed: Int32Array.of(2) }),
    frameOf("ab\n", [], { revealed: Int32Array.of(1) }),
    ...new Array(3).fill(frameOf("ab\n")),
  ];
  const colors = grounds(bundleOf(await revealOrder(early, tokenizer))["image/svg+xml"]!);
  assert.deepEqual(colors.find(([, , x]) => x === "8")![1], b![1]);
  assert.notDeepEqual(colors.find(([, , x]) => x === "16")![1], newline![1]);
});

Deno.test("revealOrder() shows the first of several sequences", async () => {
  const frames = FRAMES.map((frame) => ({
    ...frame,
    sequences: [...frame.sequences, Int32Array.of(2, 2, 2)],
    revealed: Int32Array.of(...frame.revealed, 3),
  }));
  assert.deepEqual(
    bundleOf(await revealOrder(frames, tokenizer)),
    bundleOf(await revealOrder(FRAMES, tokenizer)),
  );
});
