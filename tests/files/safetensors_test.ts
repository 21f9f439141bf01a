import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeSafetensors,
  encodeSafetensors,
  MAX_HEADER_BYTES,
  SafetensorsError,
  type SafetensorsErrorCode,
  type StoredTensor,
} from "dlm/files/safetensors.ts";

/** A file with this header, as it is and not as it should be. */
function file(
  header: string | Uint8Array,
  dataLength = 0,
  stated?: bigint,
): Uint8Array {
  const bytes = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const result = new Uint8Array(8 + bytes.length + dataLength);
  new DataView(result.buffer)
    .setBigUint64(0, stated ?? BigInt(bytes.length), true);
  result.set(bytes, 8);
  return result;
}

/** A header of one tensor "a": two float32, unless said otherwise. */
function one(change: Record<string, unknown> = {}): string {
  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8], ...change };
  return JSON.stringify({ a: entry });
}

/** A header of tensors of bytes [begin, end), each one row of float32. */
function many(...offsets: [number, number][]): string {
  const entries = offsets.map(([begin, end], i) => [
    `t${i}`,
    { dtype: "F32", shape: [(end - begin) / 4], data_offsets: [begin, end] },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

const nested = "[".repeat(400_000) + "]".repeat(400_000);
const entry = one().slice('{"a":'.length, -1);

/** Every lie a file can tell, under the error it must meet. */
const lies: Record<SafetensorsErrorCode, Record<string, Uint8Array>> = {
  "too-short": {
    "no byte at all": new Uint8Array(0),
    "half a length": new Uint8Array(7),
  },
  "header-too-large": {
    "one byte above the limit": file("{}", 0, BigInt(MAX_HEADER_BYTES + 1)),
    "more than a number can say": file("{}", 0, 2n ** 64n - 1n),
    "a web page": new TextEncoder().encode("<!DOCTYPE html><title>404</title>"),
  },
  "header-past-end": {
    "one byte too long": file("{}", 0, 3n),
    "nothing behind the length": file("", 0, 2n),
  },
  "header-not-utf8": {
    "a byte that UTF-8 never has": file(new Uint8Array([0x7b, 0xff, 0x7d])),
    "half a character": file(new Uint8Array([0x7b, 0xc3])),
  },
  "header-not-object": {
    "no header": file(""),
    "a list": file("[]"),
    "null": file("null"),
    "a space before it": file(" {}"),
    "a byte order mark before it": file("\ufeff{}"),
  },
  "header-not-json": {
    "only a brace": file("{"),
    "a comma too many": file("{,}"),
    "padded with zeros": file("{}\0\0\0\0\0\0"),
    "two objects": file("{}{}"),
  },
  "duplicate-name": {
    "two tensors": file(`{"a":${entry},"a":${entry}}`, 8),
    "two spellings of one name": file(`{"a":${entry},"\\u0061":${entry}}`, 8),
    "two names with a quote": file(`{"\\"":${entry},"\\"":${entry}}`, 8),
    "two shapes": file(one().replace('"shape"', '"shape":[9],"shape"'), 8),
    "two texts": file('{"__metadata__":{"x":"1","x":"2"}}'),
    "two metadata": file('{"__metadata__":{},"__metadata__":{}}'),
    "a prototype, twice": file(
      `{"__proto__":${entry},"__proto__":${entry}}`,
      8,
    ),
  },
  "bad-name": {
    "half a surrogate pair": file(`{"\\ud83d":${entry}}`, 8),
  },
  "bad-metadata": {
    "a list": file('{"__metadata__":[]}'),
    "null": file('{"__metadata__":null}'),
    "a number in it": file('{"__metadata__":{"step":400}}'),
    "half a surrogate pair in it": file('{"__metadata__":{"x":"\\ud83d"}}'),
    "a deep nest": file(`{"__metadata__":{"x":${nested}}}`),
  },
  "bad-entry": {
    "null": file('{"a":null}'),
    "a list": file('{"a":[]}'),
    "nothing in it": file('{"a":{}}'),
    "no offsets": file('{"a":{"dtype":"F32","shape":[]}}'),
    "a fourth thing": file(one({ stride: [1] }), 8),
    "a deep nest": file(`{"a":${nested}}`),
  },
  "unknown-dtype": {
    "another one": file(one({ dtype: "BF16" }), 8),
    "in small letters": file(one({ dtype: "f32" }), 8),
    "what every object has": file(one({ dtype: "constructor" }), 8),
    "a list": file(one({ dtype: ["F32"] }), 8),
  },
  "bad-offsets": {
    "one": file(one({ data_offsets: [0] }), 8),
    "three": file(one({ data_offsets: [0, 8, 8] }), 8),
    "texts": file(one({ data_offsets: ["0", "8"] }), 8),
    "a fraction": file(one({ data_offsets: [0, 8.5] }), 8),
    "before the data": file(one({ data_offsets: [-8, 0] }), 8),
    "minus zero": file(one().replace("[0,8]", "[-0,8]"), 8),
    "beyond whole numbers": file(one({ data_offsets: [0, 2 ** 53] }), 8),
    "infinity": file(one().replace("[0,8]", "[0,1e999]"), 8),
  },
  "offsets-reversed": {
    "end before begin": file(one({ data_offsets: [8, 0] }), 8),
  },
  "bad-shape": {
    "a number": file(one({ shape: 2 }), 8),
    "a list in it": file(one({ shape: [[2]] }), 8),
    "a negative axis": file(one({ shape: [-1, -2] }), 8),
    "a fraction": file(one({ shape: [0.5, 4] }), 8),
    "null in it": file(one({ shape: [null] }), 8),
    "minus zero": file(one().replace("[2]", "[-0]"), 8),
    "a deep nest": file(one().replace("[2]", nested), 8),
  },
  "shape-overflow": {
    "too many elements": file(one({ shape: [2 ** 30, 2 ** 30] }), 8),
    "too many bytes": file(one({ shape: [2 ** 51] }), 8),
    "hidden behind an empty axis": file(
      one({ shape: [2 ** 52, 2 ** 52, 0], data_offsets: [0, 0] }),
    ),
  },
  "size-mismatch": {
    "too large": file(one({ shape: [3] }), 8),
    "too small": file(one({ shape: [] }), 8),
    "another dtype's": file(one({ dtype: "F16" }), 8),
    "a gigabyte in a hundred bytes": file(one({ shape: [2 ** 28] }), 8),
  },
  "overlap": {
    "the same bytes": file(many([0, 8], [0, 8]), 8),
    "some bytes": file(many([0, 8], [4, 12]), 12),
    "an empty tensor in the middle of another": file(many([0, 8], [4, 4]), 8),
  },
  "gap": {
    "at the beginning": file(many([4, 8]), 8),
    "in the middle": file(many([0, 4], [8, 12]), 12),
    "an empty tensor far away": file(many([0, 4], [8, 8]), 4),
  },
  "past-end": {
    "one byte missing": file(many([0, 8]), 7),
    "a gigabyte missing": file(many([0, 2 ** 30]), 8),
  },
  "trailing-bytes": {
    "one byte": file(many([0, 8]), 9),
    "no tensor": file("{}", 1),
  },
};

for (const [code, files] of Object.entries(lies)) {
  for (const [lie, bytes] of Object.entries(files)) {
    Deno.test(`decodeSafetensors() throws ${code} on ${lie}`, () => {
      assert.throws(() => decodeSafetensors(bytes), (error) => {
        assert.ok(error instanceof SafetensorsError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, /^[A-Z].{20,400}\.$/);
        return true;
      });
    });
  }
}

const a: StoredTensor = { shape: [2], data: new Float32Array(2) };
const refusals: [SafetensorsErrorCode, string, () => unknown][] = [
  [
    "size-mismatch",
    "a shape that does not fit its data",
    () => encodeSafetensors({ a: { ...a, shape: [3] } }),
  ],
  [
    "bad-shape",
    "a negative axis",
    () => encodeSafetensors({ a: { ...a, shape: [-1, -2] } }),
  ],
  [
    "unknown-dtype",
    "an array that is neither F32 nor F16",
    () => {
      const data = new Float64Array(2) as unknown as Float32Array;
      return encodeSafetensors({ a: { ...a, data } });
    },
  ],
  [
    "bad-name",
    "the name of the metadata",
    () => encodeSafetensors({ __metadata__: a }),
  ],
  [
    "bad-name",
    "half a surrogate pair",
    () => encodeSafetensors({ "\ud83d": a }),
  ],
  [
    "bad-metadata",
    "a number among the texts",
    () => encodeSafetensors({}, { step: 400 as unknown as string }),
  ],
  [
    "header-too-large",
    "too long a name",
    () => encodeSafetensors({ ["a".repeat(MAX_HEADER_BYTES)]: a }),
  ],
];

for (const [code, what, encode] of refusals) {
  Deno.test(`encodeSafetensors() throws ${code} on ${what}`, () => {
    assert.throws(encode, { name: "SafetensorsError", code });
  });
}

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'"\\{}:,a1'), maxLength: 12 }), // what JSON is made of
);
const anyName = anyText.filter((name) => name !== "__metadata__");
/** Any shape, any dtype and any bits, NaNs of every kind among them. */
const anyTensor = fc.record({
  shape: fc.array(fc.nat(4), { maxLength: 4 }),
  Numbers: fc.constantFrom(Float32Array, Float16Array),
}).chain(({ shape, Numbers }) => {
  const length = shape.reduce((product, n) => product * n, 1);
  const bytes = length * Numbers.BYTES_PER_ELEMENT;
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((bits) => ({
    shape,
    data: new Numbers(new Uint8Array(bits).buffer),
  }));
});
const anyTensors = fc.dictionary(anyName, anyTensor, { noNullPrototype: true });
const anyMetadata = fc.dictionary(anyText, anyText, { noNullPrototype: true });

/** The same tensors with their numbers as bytes, so that one NaN can differ from another. */
function bits(tensors: Record<string, StoredTensor>) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, {
      shape,
      dtype: data.constructor.name,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    }]),
  );
}

Deno.test("decodeSafetensors() gives back every bit that encodeSafetensors() was given", () => {
  fc.assert(
    fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const content = decodeSafetensors(encodeSafetensors(tensors, metadata));
      assert.deepEqual(bits(content.tensors), bits(tensors));
      assert.deepEqual(content.metadata, metadata);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("encodeSafetensors() writes the same bytes whatever the order of the tensors", () => {
  fc.assert(
    fc.property(anyTensors, (tensors) => {
      const reversed = Object.fromEntries(Object.entries(tensors).reverse());
      assert.deepEqual(
        encodeSafetensors(reversed),
        encodeSafetensors(tensors),
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("encodeSafetensors() lays each tensor at a multiple of its element's width", () => {
  fc.assert(
    fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
      const bytes = encodeSafetensors(tensors, metadata);
      const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
      assert.equal(length % 8, 0);
      const header: Record<string, { data_offsets: [number, number] }> = JSON
        .parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
      for (const [name, { data }] of Object.entries(tensors)) {
        const begin = header[name]!.data_offsets[0];
        assert.equal(begin % data.BYTES_PER_ELEMENT, 0);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("encodeSafetensors() writes exactly what the reference implementation writes", () => {
  // safetensors 0.8.0: numpy.save({"b": float16 [1, -2], "é": float32 [[0.5], [3]], "a": float16 []}, {"step": "400"})
  const header = '{"__metadata__":{"step":"400"},' +
    '"é":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
    '"a":{"dtype":"F16","shape":[0],"data_offsets":[8,8]},' +
    '"b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]}}';
  const numbers = [0, 0, 0, 0x3f, 0, 0, 0x40, 0x40, 0, 0x3c, 0, 0xc0];
  const utf8 = new TextEncoder().encode(header);
  const expected = file(header + " ".repeat(-utf8.length & 7), numbers.length);
  expected.set(numbers, expected.length - numbers.length);
  const written = encodeSafetensors({
    b: { shape: [2], data: new Float16Array([1, -2]) },
    é: { shape: [2, 1], data: new Float32Array([0.5, 3]) },
    a: { shape: [0], data: new Float16Array(0) },
  }, { step: "400" });
  assert.deepEqual(written, expected);
});

Deno.test("encodeSafetensors() writes no metadata where there is none", () => {
  const empty = file("{}      ");
  assert.deepEqual(encodeSafetensors({}), empty);
  assert.deepEqual(decodeSafetensors(empty), { tensors: {}, metadata: {} });
});

Deno.test("encodeSafetensors() writes a part of a buffer, and no more", () => {
  const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const { tensors } = decodeSafetensors(
    encodeSafetensors({ a: { shape: [2], data } }),
  );
  assert.deepEqual(tensors.a!.data, new Float32Array([2, 3]));
});

for (const name of ["__proto__", "constructor", "toJSON", ""]) {
  Deno.test(`decodeSafetensors() gives back a tensor named ${JSON.stringify(name)}`, () => {
    const { tensors } = decodeSafetensors(encodeSafetensors({ [name]: a }));
    assert.deepEqual(Object.entries(tensors), [[name, a]]);
  });
}

Deno.test("decodeSafetensors() reads an empty tensor that stands behind one at the same place", () => {
  const { tensors } = decodeSafetensors(file(many([0, 8], [0, 0]), 8));
  assert.deepEqual(tensors.t1, { shape: [0], data: new Float32Array(0) });
});

Deno.test("decodeSafetensors() reads tensors in any order, at any alignment, from a part of a buffer", () => {
  const header = '{"wide":{"dtype":"F32","shape":[],"data_offsets":[2,6]},' +
    '"half":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}\n';
  const bytes = file(header, 6);
  bytes.set([0, 0x3c, 0, 0, 0, 0x3f], bytes.length - 6);
  const pool = Buffer.alloc(bytes.length + 9, 0xff);
  pool.set(bytes, 5);
  const part = pool.subarray(5, 5 + bytes.length);
  const { tensors } = decodeSafetensors(part);
  part.fill(0); // what was read must not change with it
  assert.deepEqual(tensors, {
    half: { shape: [1], data: new Float16Array([1]) },
    wide: { shape: [], data: new Float32Array([0.5]) },
  });
});

Deno.test("decodeSafetensors() reads a header as long as it may be, full of escapes", () => {
  const frame = '{"__metadata__":{"x":""}}'.length;
  const x = "\n".repeat((MAX_HEADER_BYTES - frame) / 2 - 4);
  const file = encodeSafetensors({}, { x });
  assert.ok(file.length > MAX_HEADER_BYTES - 8);
  assert.equal(decodeSafetensors(file).metadata.x, x);
});
