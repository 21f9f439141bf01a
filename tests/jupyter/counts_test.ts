import assert from "node:assert/strict";
import { codeCell } from "dlm/jupyter/notebook.ts";
import { countsOf, sumCounts } from "./_counts.ts";
import { createNotebook, markdownCell } from "./_notebooks.ts";

Deno.test("countsOf() counts words, cells, lines, imports and predictions", () => {
  const notebook = createNotebook([
    markdownCell("a", "# One two\n\n*Predict:* $x$ or 3? *Prediction*"),
    codeCell("b", 'import { a } from "dlm";\nimport {\n  b,\n} from "dlm";\n\na(b);'),
    codeCell("c", "const x = 1;"),
  ]);
  const counts = { words: 7, cells: 2, lines: 7, imports: 4, predictions: 1 };
  assert.deepEqual(countsOf(notebook), counts);
  assert.equal(sumCounts([counts, counts]).words, 14);
});
