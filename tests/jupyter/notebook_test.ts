import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cell,
  codeCell,
  codeCells,
  formatNotebook,
  type Output,
  parseNotebook,
} from "dlm/jupyter/notebook.ts";
import { createNotebook, markdownCell } from "./_notebooks.ts";

const text = fc.array(
  fc.constantFrom("a", "\n", "\r", "é", "\u2028", '"', "\\"),
  { maxLength: 12 },
)
  .map((parts) => parts.join(""));
const data = fc.record({
  "text/plain": text,
  "image/svg+xml": text,
  "image/png": fc.base64String(),
  "application/json": fc.jsonValue(),
}, { requiredKeys: ["text/plain"] }) as fc.Arbitrary<Record<string, string>>;
const output: fc.Arbitrary<Output> = fc.oneof(
  fc.record({
    output_type: fc.constant("stream" as const),
    name: fc.constantFrom("stdout", "stderr"),
    text,
  }),
  fc.record({
    output_type: fc.constant("display_data" as const),
    data,
    metadata: fc.constant({}),
  }),
  fc.record({
    output_type: fc.constant("execute_result" as const),
    data,
    metadata: fc.constant({}),
    execution_count: fc.nat(),
  }),
  fc.record({
    output_type: fc.constant("error" as const),
    ename: text,
    evalue: text,
    traceback: fc.array(text),
  }),
);
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.record({
    cell_type: fc.constantFrom("markdown", "raw"),
    id: fc.uuid(),
    source: text,
    metadata: fc.constant({}),
  }),
  fc.record({
    cell_type: fc.constant("code" as const),
    id: fc.uuid(),
    source: text,
    metadata: fc.record({ tags: fc.array(text) }),
    outputs: fc.array(output, { maxLength: 3 }),
    execution_count: fc.option(fc.nat()),
  }),
);

Deno.test("parseNotebook() reads what formatNotebook() wrote", () => {
  fc.assert(fc.property(fc.array(cell, { maxLength: 4 }), (cells) => {
    const written = formatNotebook(createNotebook(cells));
    const notebook = parseNotebook(written, "a.ipynb");
    assert.equal(formatNotebook(notebook), written);
    assert.equal(
      JSON.stringify(notebook.cells, sorted),
      JSON.stringify(cells, sorted),
    );
  }));
});

/** Sorts the keys of objects, for comparing as JSON (which knows no -0 and no undefined). */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}

Deno.test("formatNotebook() writes as Jupyter does", () => {
  const notebook = createNotebook([
    markdownCell("m", "# é\n\ntext\n"),
    codeCell("c", ""),
  ]);
  const data = { "text/plain": "a\nb", "image/svg+xml": "<svg/>", "image/png": "AA==" };
  codeCells(notebook)[0]!.outputs = [
    { output_type: "stream", name: "stdout", text: "1\n2\r\n" },
    { output_type: "stream", name: "stdout", text: "9 %\r10 %\fx\u2028y" }, // as Python ends lines
    { output_type: "display_data", data, metadata: {} },
  ];
  notebook.metadata = { b: 1, a: {} };
  assert.equal(
    formatNotebook(notebook),
    `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "m",
   "metadata": {},
   "source": [
    "# é\\n",
    "\\n",
    "text\\n"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "c",
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "1\\n",
      "2\\r\\n"
     ]
    },
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "9 %\\r",
      "10 %\\f",
      "x\u2028",
      "y"
     ]
    },
    {
     "data": {
      "image/png": "AA==",
      "image/svg+xml": [
       "<svg/>"
      ],
      "text/plain": [
       "a\\n",
       "b"
      ]
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": []
  }
 ],
 "metadata": {
  "a": {},
  "b": 1
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`,
  );
});

Deno.test("formatNotebook() keeps what it does not know", () => {
  const strange = {
    ...codeCell("c", "1"),
    attachments: { "a.png": { "image/png": "AA==" } },
  };
  const notebook = parseNotebook(
    formatNotebook({ ...createNotebook([strange]) }),
    "a.ipynb",
  );
  assert.deepEqual(notebook.cells, [strange]);
});

Deno.test("parseNotebook() throws if the text is not a notebook of format 4.5", () => {
  const parse = (json: unknown) => () => parseNotebook(JSON.stringify(json), "a.ipynb");
  const notebook = createNotebook([]);
  const { id: _, ...nameless } = codeCell("c", "1");
  assert.throws(
    () => parseNotebook("hello", "a.ipynb"),
    /^RangeError: a\.ipynb is not a notebook: it is not JSON/,
  );
  for (const json of [null, 3, [], {}, { cells: {} }]) {
    assert.throws(parse(json), /has no list of cells/);
  }
  assert.throws(
    parse({ ...notebook, nbformat_minor: 2 }),
    /format 4\.2; save it in format 4\.5/,
  );
  assert.throws(parse({ ...notebook, nbformat: 3 }), /format 3\.5/);
  assert.throws(
    parse({ ...notebook, cells: [1] }),
    /cell 1 of a\.ipynb is not an object/,
  );
  assert.throws(
    parse({ ...notebook, cells: [markdownCell("m", ""), nameless] }),
    /cell 2 of a\.ipynb lacks an id/,
  );
  assert.throws(
    parse({ ...notebook, cells: [{ ...nameless, id: "c", outputs: 1 }] }),
    /neither prose nor code/,
  );
  assert.throws(
    parse({
      ...notebook,
      cells: [{ ...nameless, id: "c", cell_type: "heading" }],
    }),
    /neither prose/,
  );
});

Deno.test("parseNotebook() names the output that no front end could have written", () => {
  const strange = [
    null,
    3,
    [],
    {},
    { output_type: "video" },
    { output_type: "stream", name: "stdout", text: null },
    { output_type: "display_data", data: null, metadata: {} },
    { output_type: "execute_result", data: [], metadata: [] },
  ];
  for (const output of strange) {
    const printed = { output_type: "stream", name: "stdout", text: "1" };
    const cell = { ...codeCell("c", "1"), outputs: [printed, output] };
    const text = JSON.stringify({ ...createNotebook([]), cells: [markdownCell("m", ""), cell] });
    assert.throws(
      () => parseNotebook(text, "a.ipynb"),
      /^RangeError: The output 2 of cell 2 of a\.ipynb is not one that Jupyter knows/,
    );
  }
});

Deno.test("parseNotebook() reads any JSON in the place of any other, or says what is wrong", () => {
  const whole = createNotebook([markdownCell("m", "text"), codeCell("c", "1")]);
  const shown = { "text/plain": "1", "image/png": "AA==" };
  codeCells(whole)[0]!.outputs = [
    { output_type: "stream", name: "stdout", text: "1\n" },
    { output_type: "display_data", data: shown, metadata: {} },
    { output_type: "error", ename: "Error", evalue: "", traceback: ["at"] },
  ];
  const values =
    JSON.stringify(whole).match(/(?<=[:[,])("[^"]*"(?!:)|\d+|null|\{\}|\[\])/g)!.length;
  fc.assert(fc.property(fc.nat(values - 1), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
    let count = 0;
    const damaged = JSON.stringify(
      whole,
      (_key, old) => typeof old !== "object" && count++ === place ? value : old,
    );
    try {
      formatNotebook(parseNotebook(damaged, "a.ipynb"));
    } catch (error) {
      assert(error instanceof RangeError, String(error));
      assert.match(error.message, /a\.ipynb/);
    }
  }));
});

Deno.test("codeCells() leaves out the prose", () => {
  const code = [codeCell("a", "1"), codeCell("b", "2")];
  assert.deepEqual(
    codeCells(createNotebook([markdownCell("m", "text"), ...code])),
    code,
  );
});
