import assert from "node:assert/strict";
import { table } from "dlm/display/table.ts";
import { bundleOf } from "./_support.ts";

const rows = [
  { model: "uniform", bits: Math.log2(65), parameters: 0 },
  { model: "a <b>", bits: 3.5, parameters: 4225 },
  { model: "unknown", bits: 2 },
];

Deno.test("table() is plain text in columns, numbers to the right", () => {
  assert.equal(
    bundleOf(table(rows))["text/plain"],
    [
      "model     bits  parameters",
      "───────  ─────  ──────────",
      "uniform  6.022           0",
      "a <b>    3.500       4,225",
      "unknown      2",
    ].join("\n"),
  );
});

Deno.test("table() is an HTML table whose alignment is an attribute for some front ends and a style for others", () => {
  assert.equal(
    bundleOf(table(rows.slice(1, 2), { decimals: 1 }))["text/html"],
    "<table><thead><tr>" +
      '<th align="left" style="text-align:left">model</th><th align="right" style="text-align:right">bits</th><th align="right" style="text-align:right">parameters</th>' +
      "</tr></thead><tbody><tr>" +
      '<td align="left" style="text-align:left">a &lt;b&gt;</td><td align="right" style="text-align:right">3.5</td><td align="right" style="text-align:right">4,225</td>' +
      "</tr></tbody></table>",
  );
});

Deno.test("table() shows characters that cannot be seen, and counts columns, not characters", () => {
  const rows = [" ", "\n", "\x1b[1m", "漢字", "e\u0301", "a\u202eb\u00a0c", "👩\u200d🔬!"].map((
    text,
    n,
  ) => ({ text, n }));
  assert.deepEqual(bundleOf(table(rows))["text/plain"]!.split("\n").slice(2), [
    "␣      0",
    "↵      1",
    "␛[1m   2",
    "漢字   3",
    "e\u0301      4",
    "a⍰b⍽c  5",
    "👩\u200d🔬!    6",
  ]);
});

Deno.test("table() ends after so many rows, and says how many there are", () => {
  const rows = Array.from({ length: 6003 }, (_, id) => ({ id }));
  const bundle = bundleOf(table(rows));
  assert.equal(bundle["text/plain"]!.split("\n").length, 2 + 100 + 1);
  assert.match(bundle["text/plain"]!, /\n… and 5,903 rows more$/);
  assert.match(bundle["text/html"]!, /<p>… and 5,903 rows more<\/p>$/);
  assert.doesNotMatch(bundleOf(table(rows, { most: 6003 }))["text/plain"]!, /more/);
});

Deno.test("table() of nothing is an empty table", () => {
  assert.equal(bundleOf(table([]))["text/plain"], "");
});
