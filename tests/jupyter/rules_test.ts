import assert from "node:assert/strict";
import { type Cell, type CodeCell, codeCell, formatNotebook } from "dlm/jupyter/notebook.ts";
import { brokenRules } from "./_rules.ts";
import { createNotebook, markdownCell } from "./_notebooks.ts";

/** A code cell that has run. */
function ran(number: number, source = "1 + 1", shown = "2"): CodeCell {
  const output = {
    output_type: "display_data" as const,
    data: { "text/plain": shown },
    metadata: {},
  };
  return {
    ...codeCell(`cell-${number}`, source),
    execution_count: number,
    outputs: [output],
  };
}

const PROSE = markdownCell(
  "prose",
  "Enough words to outweigh the code. ".repeat(20) +
    "\n\n## What you learned\n\n## Exercises\n\n## Papers",
);

function faults(...cells: Cell[]): string[] {
  return brokenRules(
    formatNotebook(createNotebook([PROSE, ...cells])),
    "01_data",
  );
}

Deno.test("brokenRules() finds nothing in a good notebook", () => {
  assert.deepEqual(faults(ran(1), ran(2)), []);
});

Deno.test("brokenRules() names each fault", () => {
  const lines = (count: number) => Array(count).fill("1;").join("\n");
  const error = {
    output_type: "error" as const,
    ename: "E",
    evalue: "",
    traceback: [],
  };
  const cases: [Cell[], RegExp][] = [
    [
      [ran(1), { ...ran(2), id: "cell-1" }],
      /01_data: the id "cell-1" of cell 3 is taken/,
    ],
    [[{ ...ran(1), id: "a b" }], /the id "a b" of cell 2 is not/],
    [[], /there is no code cell/],
    [[ran(1), ran(2, lines(31)), ran(3)], /code cell 2 has 31 lines/],
    [[ran(1, lines(9))], /the median code cell has 9 lines/],
    [
      [ran(1, `"${"long".repeat(300)}"`)],
      /1202 characters of code but only 746 of prose/,
    ],
    [[ran(2)], /code cell 1 has the execution count 2/],
    [[codeCell("c", "1")], /code cell 1 has the execution count null/],
    [[{ ...ran(1), outputs: [] }], /code cell 1 shows nothing/],
    [[{ ...ran(1), outputs: [error] }], /code cell 1 ended with an error/],
    [[ran(1, "1", "x".repeat(1_000_000))], /the file has 100\d{4} bytes/],
    [[ran(1), markdownCell("more", "## And more")], /the last sections are not ## What you/],
    [[ran(1, "let x = 1;\nx;")], /code cell 1 declares more than constants: let x = 1;/],
    [[ran(1, "using x = f();")], /declares more than constants: using x = f\(\);/],
    [[ran(1, "async function* f() {}")], /declares more than constants: async function/],
    [[ran(1, 'f(Deno.env.get("DLM_PRESET"));')], /code cell 1 asks for DLM_PRESET/],
    [[{ ...ran(1), metadata: { quick: { steps: "1" } } }], /cell-1" declares steps 0 times/],
    [[ran(1, "const T = 64;\nT;")], /does not say what to try in the place of const T = 64;/],
    [[ran(1, "const [a, b] = [-1, 1e-3];\na + b;")], /in the place of const \[a, b\] =/],
    [[ran(1, "f();\nconst T = 64; // try 8")], /names a number below the top: const T = 64;/],
    [[ran(1, "const x = await f();\nconst T = 64; // try 8")], /a number below the top/],
  ];
  for (const [cells, expected] of cases) {
    const found = faults(...cells);
    assert.equal(
      found.filter((fault) => expected.test(fault)).length,
      1,
      `${expected}: ${found.join("\n")}`,
    );
  }
});

Deno.test("brokenRules() allows the limits themselves", () => {
  const lines = (count: number) => Array(count).fill("1;").join("\n");
  assert.deepEqual(faults(ran(1, lines(8)), ran(2, lines(30)), ran(3)), []);
  const long = `import {\n  bars,\n  lines,\n} from "dlm";\n${lines(29)}`; // an import is one line
  assert.deepEqual(faults(ran(1, long), ran(2), ran(3)), []);
  const whole = (count: number) => ({ ...ran(1, lines(count)), id: "whole-program" });
  assert.deepEqual(faults(whole(60), ran(2), ran(3)), []);
  assert.match(faults(whole(61), ran(2), ran(3)).join(), /has 61 lines; it may have 60/);
});

Deno.test("brokenRules() allows declarations in blocks, and constants that are no numbers", () => {
  const source =
    'const T = 64; // try 8\nconst line = "a";\nconst answer = NaN;\n{\n  let x = 1;\n}';
  assert.deepEqual(faults(ran(1, source)), []);
});

Deno.test("brokenRules() wants files as Jupyter writes them", () => {
  const text = formatNotebook(createNotebook([PROSE, ran(1)]));
  const good = JSON.parse(text);
  const broken: [RegExp, (notebook: typeof good) => unknown][] = [
    [/^a: cell 1 has the keys .*colour.*; nbformat 4.5 wants/, ({ cells }) => cells[0].colour = 1],
    [/^a: an output of cell 2 has the keys data, output_type;/, ({ cells }) => {
      delete cells[1].outputs[0].metadata;
    }],
    [
      /^The output 1 of cell 2 of a is not one that/,
      ({ cells }) => cells[1].outputs[0].output_type = "image",
    ],
    [/^a: the file is not written as Jupyter/, ({ cells }) => delete cells[1].execution_count],
  ];
  for (const [expected, breakIt] of broken) {
    const notebook = structuredClone(good);
    breakIt(notebook);
    assert.match(brokenRules(JSON.stringify(notebook, null, 1) + "\n", "a").join("\n"), expected);
  }
  assert.match(brokenRules(JSON.stringify(good), "a").join(), /not written as Jupyter writes it/);
  assert.deepEqual(brokenRules(text, "a"), []);
});

Deno.test("brokenRules() lets the worked solutions end as they like", () => {
  const text = formatNotebook(createNotebook([markdownCell("a", "Worked solutions"), ran(1)]));
  assert.deepEqual(brokenRules(text, "solutions"), []);
  assert.match(brokenRules(text, "01_data").join(), /the last sections are not/);
});

Deno.test("brokenRules() finds paths of one machine in code, prose and output", () => {
  const names = [
    "file:///a/b.ts",
    "at /home/me/x",
    "(/root/x)",
    "/Users/me",
    "C:\\Users",
    "x\n/home/me",
  ];
  for (const path of names) {
    assert.match(
      faults(ran(1, "1", path)).join(),
      /the output of code cell 1 names a path/,
      path,
    );
    assert.match(
      faults(ran(1, `"${path}"`)).join(),
      /the cell "cell-1" names a path/,
      path,
    );
  }
  const innocent = [
    "data/cache/x.txt",
    "https://example.org/home/x",
    "and/or",
    "a /b/ c",
    "p(x_s/x_t)",
    "~/x",
  ];
  for (const path of innocent) {
    assert.deepEqual(faults(ran(1, "1", path)), [], path);
  }
});

Deno.test("brokenRules() does not look for paths in the pixels of a picture", () => {
  const picture = { ...ran(1) };
  picture.outputs = [{
    output_type: "display_data",
    data: { "image/png": "(/home/x" },
    metadata: { "image/png": { width: 1, height: 1 } },
  }];
  assert.deepEqual(faults(picture), []);
});

Deno.test("brokenRules() wants pictures with their sizes", () => {
  const picture = { ...ran(1) };
  picture.outputs = [{ output_type: "display_data", data: { "image/png": "" }, metadata: {} }];
  assert.match(faults(picture).join(), /a picture of code cell 1 has no size/);
});

Deno.test("brokenRules() wants the Deno kernel", () => {
  const python = createNotebook([PROSE, ran(1)]);
  python.metadata = {
    kernelspec: {
      display_name: "Python 3",
      language: "python",
      name: "python3",
    },
  };
  assert.deepEqual(brokenRules(formatNotebook(python), "a"), ["a: the kernelspec is not Deno's."]);
});

Deno.test("brokenRules() tells of a file that is no notebook", () => {
  assert.match(
    brokenRules("{}", "a.ipynb").join(),
    /^a\.ipynb is not a notebook/,
  );
});
