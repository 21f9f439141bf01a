import assert from "node:assert/strict";
import type { Product } from "dlm/backend/native/product/product.ts";
import { type Comparison, findFault, ROOM } from "dlm/backend/native/trial/self_test.ts";

const memory = new WebAssembly.Memory({ initial: ROOM / 65_536 + 1 });
const view = new Float32Array(memory.buffer);
const start = 1024;

/** The definition of a product. */
const right: Product = (...parameters) => {
  const [a, aRow, aColumn, b, bRow, bColumn, c, cRow, rows, depth, columns] = parameters;
  for (let i = 0; i < rows!; i++) {
    for (let j = 0; j < columns!; j++) {
      let sum = 0;
      for (let k = 0; k < depth!; k++) {
        sum += view[a! / 4 + i * aRow! + k * aColumn!]! *
          view[b! / 4 + k * bRow! + j * bColumn!]!;
      }
      view[c! / 4 + i * cRow! + j] = sum;
    }
  }
};

/** What is found when the product goes on to do something else. */
function fault(and: (...parameters: number[]) => void): string | undefined {
  const product: Product = (...parameters) => {
    right(...parameters);
    and(...parameters);
  };
  return findFault({ product, reference: right, memory, start } satisfies Comparison);
}

Deno.test("findFault() finds nothing wrong with a right product, and leaves the memory around it", () => {
  view.fill(7);
  assert.equal(fault(() => {}), undefined);
  assert.equal(view.findIndex((x) => x !== 7), start / 4);
  assert(view.findLastIndex((x) => x !== 7) < (start + ROOM) / 4);
});

/** Slips that machine code could make: with them, a right product is no longer one. */
const SLIPS: Record<string, (...parameters: number[]) => void> = {
  "one number of the largest product": (...[, , , , , , c, cRow, rows, , columns]) => {
    if (columns === 1043) view[c! / 4 + (rows! - 1) * cRow! + 77]! *= 1.001;
  },
  "not a number": (...[, , , , , , c, , rows]) => {
    if (rows === 13) view[c! / 4] = NaN;
  },
  "a number left as it was": (...[, , , , , , c, cRow, rows, depth]) => {
    if (depth === 0) view[c! / 4 + (rows! - 1) * cRow! + 1] = 12_345.5;
  },
  "a number after the end": (...[, , , , , , c, cRow, rows, , columns]) => {
    view[c! / 4 + (rows! - 1) * cRow! + columns!] = 0;
  },
  "a number before the beginning": (...[, , , , , , c]) => {
    view[c! / 4 - 1] = 0;
  },
  "a number between the rows": (...[, , , , , , c, cRow, , , columns]) => {
    if (cRow! > columns!) view[c! / 4 + columns!] = 0;
  },
  "a changed factor": (...[a, , , , , , , , , depth]) => {
    if (depth! > 0) view[a! / 4]! += 1;
  },
  "only symmetric ones": (...parameters) => {
    if (parameters[11]) view[parameters[6]! / 4 + 1] = 0;
  },
  "only whole panels that are added to what stands there": (
    ...[, , , , , , c, , , depth, columns]
  ) => {
    if (depth! > 256 && columns! % 32 === 0) view[c! / 4]! += 0.01;
  },
  "only rows that are 4096 bytes apart": (...[, aRow, , , , , c]) => {
    if (aRow === 1024) view[c! / 4]! += 0.1;
  },
  "only beyond a depth of 512": (...[, , , , , , c, , , depth]) => {
    if (depth! > 512) view[c! / 4]! += 0.01;
  },
};

for (const [name, slip] of Object.entries(SLIPS)) {
  Deno.test(`findFault() finds a slip: ${name}`, () => {
    assert.match(fault(slip) ?? "", /^A product of \d+ × \d+ × \d+ was wrong: .+\.$/);
  });
}
