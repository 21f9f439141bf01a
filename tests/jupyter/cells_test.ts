import assert from "node:assert/strict";
import { cellModules, nameCells } from "dlm/jupyter/cells.ts";
import { codeCell } from "dlm/jupyter/notebook.ts";
import { createNotebook, markdownCell } from "./_notebooks.ts";

Deno.test("cellModules() makes a module of each code cell", () => {
  const notebook = createNotebook([
    codeCell("a", "1;"),
    markdownCell("b", "text"),
    codeCell("c", "const x = 2;\nx;"),
  ]);
  assert.deepEqual(cellModules(notebook, "01_data"), [
    { path: "01_data/01.ts", source: "1;\n" },
    { path: "01_data/02.ts", source: "const x = 2;\nx;\n" },
  ]);
});

Deno.test("nameCells() puts notebook and cell in the place of module paths", () => {
  const report = [
    "TS2322 [ERROR]: Type 'string' is not assignable to type 'number'.",
    "    at file:///course/build/cells/01_data/03.ts:2:7",
    "from /course/build/cells/solutions/12.ts:",
    "    at file:///course/lib/rng.ts:1:1",
  ];
  assert.equal(
    nameCells(report.join("\n"), "/course/build/cells/"),
    [
      report[0],
      "    at 01_data, code cell 3, line 2, column 7",
      "from solutions, code cell 12:",
      report[3],
    ].join("\n"),
  );
});

Deno.test("nameCells() takes the folder as it is written", () => {
  assert.equal(
    nameCells("/a+b/01/02.ts and /aab/01/02.ts", "/a+b/"),
    "01, code cell 2 and /aab/01/02.ts",
  );
});
