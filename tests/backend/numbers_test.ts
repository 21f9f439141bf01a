import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { numbersOf } from "dlm/backend/numbers.ts";
import { testOnEachBackend } from "../_support.ts";

testOnEachBackend("numbersOf() are those of the tensor itself, to read and to set", async () => {
  const tensor = tf.tensor2d([[1, 2], [3, 4]]);
  assert.deepEqual([...numbersOf(tensor)], [1, 2, 3, 4]);
  numbersOf(tensor).set([7], 2);
  assert.deepEqual([...await tensor.data()], [1, 2, 7, 4]);
  tensor.dispose();
});
