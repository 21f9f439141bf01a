import assert from "node:assert/strict";
import { codeCell } from "dlm/jupyter/notebook.ts";
import { checksOf, quickSource } from "dlm/jupyter/quick.ts";

const source = "const steps = 400; // of training; try 1000\nconst text: string = f(';');\nsteps;";

Deno.test("quickSource() leaves a cell without other values as it is", () => {
  assert.equal(quickSource(codeCell("a", source)), source);
});

Deno.test("quickSource() puts the values of the metadata in place", () => {
  const cell = { ...codeCell("a", source), metadata: { quick: { steps: "40", text: '"b"' } } };
  const expected = 'const steps = 40; // of training; try 1000\nconst text: string = "b";\nsteps;';
  assert.equal(quickSource(cell), expected);
});

Deno.test("quickSource() throws if there is not one such constant", () => {
  const quick = { seconds: "1" };
  const reason = (count: number) =>
    new RangeError(
      `The cell "a" declares seconds ${count} times: what its quick run changes must be one ` +
        "constant on one line.",
    );
  const twice = "const seconds = 1;\n{\n  const seconds = 2;\n}";
  assert.throws(() => quickSource({ ...codeCell("a", source), metadata: { quick } }), reason(0));
  assert.throws(() => quickSource({ ...codeCell("a", twice), metadata: { quick } }), reason(2));
});

Deno.test("checksOf() finds what must be true of a cell", () => {
  assert.deepEqual(checksOf(codeCell("a", "1")), []);
  const metadata = { checks: ["steps > 0"] };
  assert.deepEqual(checksOf({ ...codeCell("a", source), metadata }), ["steps > 0"]);
});
