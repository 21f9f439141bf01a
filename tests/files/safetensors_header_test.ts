import assert from "node:assert/strict";
import { encodeSafetensors } from "dlm/files/safetensors.ts";
import { readHeader } from "dlm/files/safetensors_header.ts";

const tensors = {
  bias: { shape: [3], data: new Float16Array([0.5, -1, 2]) },
  weights: { shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) },
  nothing: { shape: [0], data: new Float32Array() },
};
const bytes = encodeSafetensors(tensors, { step: "400" });

Deno.test("readHeader() gives what a file says of itself, in the order of its bytes", () => {
  const { end, tensors, metadata } = readHeader(bytes);
  assert.deepEqual(metadata, { step: "400" });
  assert.deepEqual(tensors, [
    { name: "nothing", dtype: "F32", shape: [0], begin: end, end },
    { name: "weights", dtype: "F32", shape: [2, 2], begin: end, end: end + 16 },
    { name: "bias", dtype: "F16", shape: [3], begin: end + 16, end: bytes.length },
  ]);
});

Deno.test("readHeader() counts bytes from the file's beginning, wherever it lies in a buffer", () => {
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const file = shifted.subarray(3);
  assert.deepEqual(readHeader(file), readHeader(bytes));
  const { begin, end } = readHeader(file).tensors[1]!;
  assert.deepEqual(new Float32Array(file.slice(begin, end).buffer), tensors.weights.data);
});

Deno.test("readHeader() throws if the file is cut short", () => {
  for (const [length, code] of [[7, "too-short"], [99, "header-past-end"], [-1, "past-end"]]) {
    assert.throws(() => readHeader(bytes.subarray(0, Number(length))), { code });
  }
});
