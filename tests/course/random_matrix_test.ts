import assert from "node:assert/strict";
import { mean, standardDeviation } from "simple-statistics";
import { checkShape, randomMatrix } from "dlm/course/random_matrix.ts";
import { Rng } from "dlm/rng.ts";
import { take } from "../_support.ts";

Deno.test("randomMatrix() holds standard normal numbers, the same for the same seed", async () => {
  const rows = await take(randomMatrix([40, 50], new Rng(1)));
  assert.deepEqual([rows.length, rows[0]!.length], [40, 50]);
  const numbers = rows.flat(); // the bounds are 4 standard errors wide
  assert(Math.abs(mean(numbers)) < 4 / Math.sqrt(2000));
  assert(Math.abs(standardDeviation(numbers) - 1) < 4 / Math.sqrt(2 * 2000));
  assert.deepEqual(await take(randomMatrix([40, 50], new Rng(1))), rows);
  assert.notDeepEqual(await take(randomMatrix([40, 50], new Rng(2))), rows);
});

Deno.test("randomMatrix() throws if it is no shape, or too large", () => {
  for (const [rows, columns] of [[0, 2], [-20, 36], [2.5, 2], [2, NaN]]) {
    assert.throws(() => randomMatrix([rows!, columns!], new Rng(1)), {
      name: "RangeError",
      message: `A matrix cannot have ${rows} rows and ${columns} columns: ` +
        "give whole numbers of at least 1.",
    });
  }
  assert.throws(() => randomMatrix([1e6, 1e6], new Rng(1)), {
    name: "RangeError",
    message: /^A matrix of 1000000 rows and 1000000 columns does not fit into memory: /,
  });
});

Deno.test("a random matrix may have one row and one column, and 1 GB of numbers", async () => {
  assert.equal((await take(randomMatrix([1, 1], new Rng(1)))).flat().length, 1);
  checkShape([2 ** 14, 2 ** 14]);
  checkShape([1, 2 ** 28]);
  assert.throws(() => checkShape([1, 2 ** 28 + 1]), {
    name: "RangeError",
    message: "A matrix of 1 rows and 268435457 columns does not fit into memory: " +
      "give a smaller one.",
  });
});
