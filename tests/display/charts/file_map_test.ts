import assert from "node:assert/strict";
import { fileMap } from "dlm/display/charts/file_map.ts";
import { encodeSafetensors } from "dlm/files/safetensors.ts";
import { bundleOf } from "../_support.ts";

const tensor = (count: number) => ({ shape: [count], data: new Float32Array(count) });
const bytes = encodeSafetensors({
  embedding: tensor(1000),
  "blocks.0.attention.qkv": tensor(500),
  "blocks.0.attention.out": tensor(250),
  "blocks.1.mlp.up": tensor(2000),
  head: tensor(1000),
}, { step: "400" });

Deno.test("fileMap() has a piece for the header and each tensor, as wide as its bytes", () => {
  const svg = bundleOf(fileMap(bytes))["image/svg+xml"]!;
  const rects = svg.matchAll(/<rect fill="#[^>]* width="([\d.]+)"[^>]* x="([\d.]+)"/g);
  const found = [...rects].map(([, width, x]) => ({ width: Number(width), x: Number(x) }))
    .sort((a, b) => a.x - b.x);
  // In the file the tensors are ordered by name.
  const sizes = [bytes.length - 4 * 4750, 4 * 250, 4 * 500, 4 * 2000, 4 * 1000, 4 * 1000];
  assert.equal(found.length, sizes.length);
  const scale = found.reduce((sum, { width }) => sum + width, 0) / bytes.length;
  found.forEach(({ width }, i) =>
    assert(Math.abs(width - sizes[i]! * scale) < 1, `${i}: ${width}`)
  );
});

Deno.test("fileMap() points at the header, however thin it is", () => {
  const svg = bundleOf(fileMap(bytes))["image/svg+xml"]!;
  assert.match(svg, new RegExp(`header, ${((bytes.length - 4 * 4750) / 1000).toFixed(1)} kB`));
});

Deno.test("fileMap() names the parts in the order of the file", () => {
  const text = bundleOf(fileMap(bytes))["text/plain"]!;
  assert.match(text, /color, header, attention, mlp, embedding, head/);
});

Deno.test("fileMap() reads a file that lies anywhere in a buffer", () => {
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assert.deepEqual(bundleOf(fileMap(shifted.subarray(3))), bundleOf(fileMap(bytes)));
});

Deno.test("fileMap() throws if the file is cut short", () => {
  for (const length of [0, 100, bytes.length - 1]) {
    assert.throws(() => fileMap(bytes.subarray(0, length)), { name: "SafetensorsError" });
  }
});
