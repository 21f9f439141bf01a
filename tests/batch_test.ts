import assert from "node:assert/strict";
import fc from "fast-check";
import {
  joinBatches,
  type NoisyBatch,
  packBatch,
  partsOf,
  sequencesOf,
  sliceBatch,
} from "dlm/batch.ts";

const MASK = 9;

/** Sequences of 1 to 5 tokens, some of them masked, with a weight each. */
const readings = fc.array(
  fc.record({
    clean: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 5 }),
    masks: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    weight: fc.integer({ min: 1, max: 4 }),
  }).map(({ clean, masks, weight }) => ({
    clean: Int32Array.from(clean),
    noisy: Int32Array.from(clean, (id, i) => masks[i] ? MASK : id),
    weight,
  })),
  { minLength: 1, maxLength: 8 },
);

const batches = readings.map((all) => packBatch(all, { total: 8, asks: (id) => id === MASK }));

/** The places asked for in each sequence, with the truth about them. */
function questions({ lengths, rows, targets, weights }: NoisyBatch) {
  let end = 0;
  return Array.from(lengths, (length) => {
    const [from, to] = [end, end += length];
    return [...rows.entries()].filter(([, row]) => row >= from && row < to)
      .map(([i, row]) => [row - from, targets[i], weights[i]]);
  });
}

Deno.test("packBatch() asks for the truth behind the masks, sequence by sequence", () => {
  fc.assert(fc.property(readings, (all) => {
    const batch = packBatch(all, { total: 8, asks: (id) => id === MASK });
    assert.deepEqual(sequencesOf(batch), all.map(({ noisy }) => noisy));
    const expected = all.map(({ clean, noisy, weight }) =>
      [...noisy.entries()].filter(([, id]) => id === MASK).map(([i]) => [i, clean[i], weight / 8])
    );
    assert.deepEqual(questions(batch), expected);
  }));
});

Deno.test("sliceBatch() takes neighbours, with memory of their own", () => {
  fc.assert(fc.property(batches, fc.nat(8), fc.nat(8), (batch, a, b) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)].map((n) =>
      Math.min(n, batch.lengths.length)
    );
    const slice = sliceBatch(batch, from!, to!);
    assert.deepEqual(sequencesOf(slice), sequencesOf(batch).slice(from, to));
    assert.deepEqual(questions(slice), questions(batch).slice(from, to));
    for (const array of Object.values(slice)) {
      assert.equal(array.buffer.byteLength, array.byteLength);
    }
  }));
});

Deno.test("partsOf() cuts a batch into neighbours of one length, and no more than are wanted", () => {
  fc.assert(fc.property(batches, fc.integer({ min: 1, max: 4 }), (batch, most) => {
    const parts = [...partsOf(batch, most)];
    assert.deepEqual(parts.flatMap((part) => sequencesOf(part)), sequencesOf(batch));
    assert.deepEqual(parts.flatMap((part) => questions(part)), questions(batch));
    for (const { lengths } of parts) {
      assert(lengths.length >= 1 && lengths.length <= most);
      assert.equal(new Set(lengths).size, 1);
    }
    for (const [i, { lengths }] of parts.slice(1).entries()) { // none could have been larger
      const before = parts[i]!.lengths;
      assert(before.length === most || before[0] !== lengths[0]);
    }
  }));
});

Deno.test("joinBatches() puts parts together again", () => {
  fc.assert(fc.property(batches, fc.integer({ min: 1, max: 4 }), (batch, most) => {
    assert.deepEqual(joinBatches([...partsOf(batch, most)]), batch);
  }));
});

Deno.test("a part of a batch without the truth has none either", () => {
  const batch = {
    tokens: Int32Array.of(1, MASK, MASK, 2),
    lengths: Int32Array.of(2, 2),
    rows: Int32Array.of(1, 2),
  };
  assert.deepEqual([...partsOf(batch, 1)], [
    { tokens: Int32Array.of(1, MASK), lengths: Int32Array.of(2), rows: Int32Array.of(1) },
    { tokens: Int32Array.of(MASK, 2), lengths: Int32Array.of(2), rows: Int32Array.of(0) },
  ]);
});
