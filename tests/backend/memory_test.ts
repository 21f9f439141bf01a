import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { lossWithGradients } from "dlm/backend/variables.ts";
import { attention } from "dlm/ops/attention.ts";
import { embed } from "dlm/ops/embed.ts";
import { assertNoLeak } from "../_support.ts";

/** What it says of so many bytes. */
const refusal = (bytes: number) => ({
  name: "RangeError",
  message: `The memory of the wasm backend has no room for ${Math.round(bytes / 1e6)} MB more: ` +
    `take smaller batches, shorter texts or a smaller model.`,
});

Deno.test("the wasm backend refuses a tensor that is too large for it, and goes on", async () => {
  const column = (length: number) => tf.ones<tf.Rank.R2>([length, 1]);
  const before = tf.memory().numTensors;
  for (const length of [23_171, 40_000]) { // squares of just over 2 GB, and of 6.4 GB
    const square = () => tf.tidy(() => tf.matMul(column(length), column(length), false, true));
    assert.throws(square, refusal(4 * length ** 2));
    assert.equal(tf.memory().numTensors, before);
  }
  const sum = tf.tidy(() => tf.sum(column(1000)));
  assert.deepEqual([...await sum.data()], [1000]);
  sum.dispose();
});

Deno.test("the wasm backend refuses what it has no room left for", () => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(address: number): void };
  };
  const taken = [1.5e9, 1.5e9].map((bytes) => wasm._malloc(bytes)); // of 4.3e9, never written to
  assert.throws(() => wasm._malloc(1.5e9), refusal(1.5e9));
  taken.forEach((address) => wasm._free(address));
  wasm._free(wasm._malloc(1.5e9));
});

Deno.test("attention() over a text too long for the memory ends with a sentence", () => {
  const attend = (length: number) => () =>
    tf.tidy(() => {
      attention(tf.ones([length, 6]), { batch: 1, heads: 1, causal: false });
    });
  attend(1000)();
  assert.throws(attend(100_000), { name: "RangeError", message: /no room for 800\d\d MB more/ });
});

Deno.test("where malloc finds no room or gives what is not there, it is an error", () => {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; asm: object; HEAPU8: Uint8Array };
  };
  const { asm, HEAPU8: { length } } = wasm;
  const asked: number[] = [];
  const ask = (address: number, bytes: number) => {
    wasm.asm = { malloc: (bytes: number) => (asked.push(bytes), address) };
    return wasm._malloc(bytes);
  };
  try {
    assert.equal(ask(length - 8, 8), length - 8); // the last there is
    assert.equal(ask(0, 0), 0); // who wants nothing needs no room
    for (const [address, bytes] of [[0, 8], [length - 8, 9], [length, 1]] as const) {
      assert.throws(() => ask(address, bytes), { name: "RangeError", message: /has no room for/ });
    }
    for (const bytes of [2 ** 31 - 1, 2 ** 31]) assert.throws(() => ask(0, bytes), refusal(bytes));
    assert.deepEqual(asked, [8, 0, 8, 9, 1, 2 ** 31 - 1]); // what is negative to malloc it never hears
  } finally {
    wasm.asm = asm;
  }
});

Deno.test("attention() is the same beyond the first 2 GB of the wasm backend's memory", async () => {
  const { wasm, getMemoryOffset } = tf.backend() as unknown as {
    wasm: { _malloc(bytes: number): number; _free(address: number): void };
    getMemoryOffset(id: object): number;
  };
  const numbers = Float32Array.from({ length: 64 * 1024 * 96 }, (_, i) => Math.sin(i)); // 25 MB
  const attend = async () => {
    const qkv = tf.tensor2d(numbers, [64 * 1024, 96]);
    const mixed = attention(qkv, { batch: 1024, heads: 2, causal: false });
    const found = await mixed.data();
    const address = getMemoryOffset.call(tf.backend(), qkv.dataId);
    tf.dispose([qkv, mixed]);
    return { address, found };
  };
  const near = await attend();
  const taken = [1.2e9, 1.2e9].map((bytes) => wasm._malloc(bytes)); // never written to
  try {
    const far = await attend();
    assert(near.address < 2 ** 31 && far.address > 2 ** 31, `${near.address}, ${far.address}`);
    assert.deepEqual(far.found, near.found);
  } finally {
    taken.forEach((address) => wasm._free(address));
  }
});

Deno.test("a loss that cannot be computed leaves nothing behind", async () => {
  const weights = tf.variable(tf.tensor1d([1, 2]));
  const failing = () => {
    const squares = tf.sum(tf.square(tf.exp(weights)));
    assert(squares.size === 1);
    throw new Error("Oh!");
  };
  await assertNoLeak(() => assert.throws(() => lossWithGradients(failing, [weights]), /Oh!/));
  const { value, grads } = lossWithGradients(() => tf.sum(tf.square(weights)), [weights]);
  assert.deepEqual([...await Object.values(grads)[0]!.data()], [2, 4]);
  tf.dispose([value, grads, weights]);
});

Deno.test("a kernel that throws frees what it had allocated", () => {
  const backend = tf.backend() as unknown as { numDataIds(): number };
  const [table, ids] = [tf.zeros([5, 4]), tf.zeros([2, 3])]; // which should be whole numbers
  const before = backend.numDataIds();
  assert.throws(() => embed(table as tf.Tensor2D, ids as tf.Tensor2D), TypeError);
  const rows = tf.zeros([4]) as tf.Tensor1D; // and so should these
  const qkv = tf.zeros([12, 12]) as tf.Tensor2D;
  const made = backend.numDataIds();
  const sizes = { batch: 2, heads: 2, causal: false, rows };
  assert.throws(() => attention(qkv, sizes), TypeError);
  assert.deepEqual([made - before, backend.numDataIds() - made], [2, 0]);
  tf.dispose([table, ids, rows, qkv]);
});
