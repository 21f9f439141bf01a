import assert from "node:assert/strict";
import { createVariables } from "dlm/backend/variables.ts";
import { assertNoLeak } from "../_support.ts";

Deno.test("createVariables() makes all of them, or none", async () => {
  const arrays = { a: Float32Array.of(1, 2), b: Float32Array.of(3, 4) };
  const variables = createVariables({ a: [1, 2], b: [2, 1] }, arrays);
  assert.deepEqual(await variables.b!.array(), [[3], [4]]);
  Object.values(variables).forEach((variable) => variable.dispose());
  await assertNoLeak(() => assert.throws(() => createVariables({ a: [1, 2], b: [9, 9] }, arrays)));
});
