import assert from "node:assert/strict";
import { syntaxFault } from "dlm/jupyter/syntax.ts";

// This starts Deno, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

Deno.test("syntaxFault() finds the place where a cell cannot be parsed", { ignore }, async () => {
  assert.deepEqual(await syntaxFault("const x = 1;\nconst y = ;\nx"), {
    message: "Expression expected",
    line: 2,
    column: 11,
  });
  for (const source of ["", "await 1;\nimport { Rng } from 'dlm'", "const x: number = 'a'"]) {
    assert.equal(await syntaxFault(source), undefined);
  }
});
