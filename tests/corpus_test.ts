import assert from "node:assert/strict";
import fc from "fast-check";
import {
  beginning,
  consecutiveWindows,
  createCorpus,
  drawWindows,
  equalParts,
  fingerprintOf,
  loadCorpus,
} from "dlm/corpus.ts";
import { Rng } from "dlm/rng.ts";
import { assertFrequencies, tally, uniform } from "./_statistics.ts";

const withoutDisk = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test("createCorpus() trains on the first 90 % of the characters and keeps the rest", () => {
  const texts = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(fc.property(texts, (text) => {
    const { tokenizer, train, validation } = createCorpus("a text", text);
    const length = [...text].length;
    assert.equal(train.length, Math.floor(0.9 * length));
    assert.equal(train.length + validation.length, length);
    assert.equal(tokenizer.decode(train) + tokenizer.decode(validation), text);
  }));
});

Deno.test("createCorpus() throws if the text is empty", () => {
  assert.throws(() => createCorpus("none.txt", ""), {
    name: "RangeError",
    message: /^none.txt is empty/,
  });
});

Deno.test("drawWindows() starts anywhere in the split with the same probability", () => {
  const split = Int32Array.from({ length: 12 }, (_, i) => i);
  const windows = drawWindows(split, { count: 20_000, length: 5, rng: new Rng(1) });
  for (const window of windows) {
    assert.deepEqual([...window], [0, 1, 2, 3, 4].map((i) => window[0]! + i));
  }
  const starts = tally(8, windows.length, (i) => windows[i]![0]!);
  assertFrequencies(starts, uniform(8));
});

Deno.test("consecutiveWindows() holds every token once, in order", () => {
  const sizes = fc.integer({ min: 1, max: 30 })
    .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n })));
  fc.assert(fc.property(sizes, ([n, length]) => {
    const split = Int32Array.from({ length: n }, (_, i) => i);
    const windows = consecutiveWindows(split, length);
    assert.deepEqual(windows.flatMap((window) => [...window]), [...split]);
    assert(windows.slice(0, -1).every((window) => window.length === length));
    assert(windows.every((window) => window.length > 0));
  }));
});

Deno.test("beginning() is so many characters, or all that there are", () => {
  const split = Int32Array.of(3, 1, 4);
  const found = [1, 3, 4, Infinity].map((count) => [...beginning(split, count)]);
  assert.deepEqual(found, [[3], [3, 1, 4], [3, 1, 4], [3, 1, 4]]);
  for (const count of [0, -1, 1.5, NaN, -Infinity]) {
    assert.throws(() => beginning(split, count), {
      name: "RangeError",
      message: `A text does not begin with ${count} characters: ` +
        "give a whole number of at least 1, or Infinity.",
    });
  }
});

Deno.test("equalParts() holds every token once, in parts whose lengths differ by 1 at most", () => {
  const sizes = fc.integer({ min: 2, max: 30 })
    .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 2, max: n })));
  fc.assert(fc.property(sizes, ([n, count]) => {
    const split = Int32Array.from({ length: n }, (_, i) => i);
    const parts = equalParts(split, count);
    assert.equal(parts.length, count);
    assert.deepEqual(parts.flatMap((part) => [...part]), [...split]);
    const lengths = parts.map(({ length }) => length);
    assert(Math.min(...lengths) >= 1 && Math.max(...lengths) - Math.min(...lengths) <= 1);
  }));
});

Deno.test("equalParts() throws if there are to be fewer than two parts, or empty ones", () => {
  for (const count of [1, 0, -1, 2.5, NaN, 5]) {
    assert.throws(() => equalParts(new Int32Array(4), count), {
      name: "RangeError",
      message: `4 characters cannot be cut into ${count} parts: ` +
        "give a whole number of at least 2, and a text that is long enough.",
    });
  }
});

Deno.test("windows throw if the split is shorter than one", () => {
  const split = new Int32Array(4);
  const error = {
    name: "RangeError",
    message: /^A window of 5 characters does not fit into 4/,
  };
  const options = { count: 1, length: 5, rng: new Rng(1) };
  assert.throws(() => drawWindows(split, options), error);
  assert.throws(() => consecutiveWindows(split, 5), error);
});

Deno.test("windows throw if there are to be none, or empty ones", () => {
  const split = new Int32Array(12);
  const rng = new Rng(1);
  for (const n of [0, -1, 1.5, NaN]) {
    const message = `Cannot draw ${n} windows: give a whole number of at least 1.`;
    assert.throws(() => drawWindows(split, { count: n, length: 5, rng }), {
      name: "RangeError",
      message,
    });
    const empty = { name: "RangeError", message: /^A window cannot have .+ characters: give a/ };
    assert.throws(() => drawWindows(split, { count: 1, length: n, rng }), empty);
    assert.throws(() => consecutiveWindows(split, n), empty);
  }
});

Deno.test({
  name: "loadCorpus() makes a corpus of a file, which may not be empty",
  ignore: withoutDisk,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/a.txt`;
      await Deno.writeTextFile(path, "To be,\r\nor not 🙂");
      assert.deepEqual(await loadCorpus(path), createCorpus(path, "To be,\r\nor not 🙂"));
      await Deno.writeTextFile(path, "");
      await assert.rejects(loadCorpus(path), { name: "RangeError", message: /a.txt is empty/ });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "loadCorpus() knows Moby-Dick by the name that it gives it",
  ignore: withoutDisk,
  async fn() {
    const corpus = await loadCorpus("moby-dick");
    assert.equal(corpus.name, "moby-dick");
    assert.match(corpus.text, /^Call me Ishmael\./m);
    assert.deepEqual(await loadCorpus(corpus.name), corpus);
  },
});

Deno.test({
  name: "fingerprintOf() knows the texts that have names without loading them",
  ignore: withoutDisk,
  async fn() {
    assert.equal(await fingerprintOf("moby-dick"), (await loadCorpus("moby-dick")).sha256);
    assert.match(await fingerprintOf("tinyshakespeare"), /^86c4e6aa/);
  },
});
