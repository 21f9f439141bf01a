import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeSafetensors, encodeSafetensors } from "dlm/files/safetensors.ts";
import { decodeCheckpoint, encodeCheckpoint } from "dlm/training/checkpoint_format.ts";
import { TINY } from "../_support.ts";
import { finished, unfinished } from "./_checkpoints.ts";

/** The bytes of a checkpoint with the first number of some tensors changed, or without them. */
function withTensors(change: Record<string, number | undefined>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(unfinished));
  for (const [name, first] of Object.entries(change)) {
    if (first === undefined) delete tensors[name];
    else tensors[name]!.data[0] = first;
  }
  return encodeSafetensors(tensors, metadata);
}

/** The bytes of a checkpoint with some of its metadata changed. */
function withMetadata(change: Record<string, string>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(finished));
  return encodeSafetensors(tensors, { ...metadata, ...change });
}

Deno.test("decodeCheckpoint() gives back what encodeCheckpoint() was given", () => {
  for (const checkpoint of [finished, unfinished]) {
    assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
  }
});

Deno.test("encodeCheckpoint() rounds the model, and nothing else, to 16-bit numbers if asked to", () => {
  const decoded = decodeCheckpoint(encodeCheckpoint(unfinished, { half: true }));
  for (const [name, values] of Object.entries(unfinished.average)) {
    assert.deepEqual(decoded.average[name], values.map(Math.f16round), name);
  }
  assert.deepEqual(decoded.training, unfinished.training);
});

Deno.test("a vocabulary of any characters comes back", () => {
  const texts = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), {
    minLength: 5,
    maxLength: 5,
  });
  fc.assert(
    fc.property(texts, (characters) => {
      const decoded = decodeCheckpoint(encodeCheckpoint({ ...finished, characters }));
      assert.deepEqual(decoded.characters, characters);
    }),
    { numRuns: 20 },
  );
});

Deno.test("a finished model's tensors have the names of its parameters, and nothing else", () => {
  const { tensors } = decodeSafetensors(encodeCheckpoint(finished));
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(finished.average).sort());
  assert.deepEqual(tensors.embedding!.shape, [6, 8]);
});

Deno.test("decodeCheckpoint() throws if the file is no checkpoint of this library", () => {
  const bytes = encodeCheckpoint(unfinished);
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [new Uint8Array(), /fewer than the 8/],
    [bytes.subarray(0, bytes.length - 1), /cut short/],
    [encodeSafetensors({}), /its format is not named, and this library reads dlm-1/],
    [withMetadata({ format: "dlm-2" }), /its format is dlm-2/],
    [withMetadata({ config: JSON.stringify({ ...TINY, layers: 3 }) }), /blocks.2.+ is missing/],
    [
      withMetadata({ config: JSON.stringify({ ...TINY, width: 12 }) }),
      /embedding is missing or not \[6,12\]/,
    ],
    [withMetadata({ config: JSON.stringify({ ...TINY, layers: 1e9 }) }), /1000000000 layers, but/],
    [withMetadata({ vocabulary: '["a","b"]' }), /its vocabulary has 2 characters, but its model 5/],
    [encodeSafetensors({}, { format: "dlm-1" }), /its metadata do not give the version/],
    [withTensors({ "training.mean.head": undefined }), /training.mean.head is missing/],
    [withTensors({ head: NaN }), /its tensor head has a number that is not finite/],
    [withTensors({ "training.meanSquare.head": Infinity }), /meanSquare.head has a number that/],
  ];
  for (const [bytes, message] of cases) {
    assert.throws(() => decodeCheckpoint(bytes), { message });
  }
});

Deno.test("encodeCheckpoint() throws if a number is not finite, or not in 16 bits", () => {
  const { average } = finished;
  const withFirst = (first: number) => ({
    ...finished,
    average: { ...average, head: average.head!.with(0, first) },
  });
  for (const first of [NaN, Infinity]) {
    assert.throws(() => encodeCheckpoint(withFirst(first)), {
      name: "RangeError",
      message: /^The numbers of head are more than 32 bits can hold.+lower learning rates\.$/,
    });
  }
  encodeCheckpoint(withFirst(70_000));
  assert.throws(() => encodeCheckpoint(withFirst(70_000), { half: true }), {
    name: "RangeError",
    message: /more than 16 bits can hold.+write them in 32 bits\.$/,
  });
});

Deno.test("decodeCheckpoint() throws if a tensor lies on its side", () => {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(unfinished));
  const head = { ...tensors.head!, shape: tensors.head!.shape.toReversed() };
  assert.throws(() => decodeCheckpoint(encodeSafetensors({ ...tensors, head }, metadata)), {
    name: "RangeError",
    message: /head is missing or not \[8,5\]/,
  });
});
