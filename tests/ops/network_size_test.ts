import assert from "node:assert/strict";
import { checkCount } from "dlm/ops/network_size.ts";

Deno.test("checkCount() takes as many parameters as 4 GB hold, and not one more", () => {
  checkCount({ half: [2 ** 15, 2 ** 14], other: [2 ** 14, 2 ** 15] });
  assert.throws(() => checkCount({ all: [2 ** 15, 2 ** 15], one: [1, 1] }), {
    name: "RangeError",
    message: "A model of 1,073,741,825 parameters does not fit into memory: " +
      "give it fewer layers or a smaller width.",
  });
});
