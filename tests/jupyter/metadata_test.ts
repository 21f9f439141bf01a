import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encode } from "fast-png";
import { bars } from "dlm/display/charts/bars.ts";
import { jupyterDisplay } from "dlm/display/picture.ts";
import { completeMetadata } from "dlm/jupyter/metadata.ts";
import { codeCell, type DisplayOutput, type Output } from "dlm/jupyter/notebook.ts";
import { createNotebook } from "./_notebooks.ts";

Deno.test("completeMetadata() says how large a picture is, and leaves other outputs alone", () => {
  const png = encode({ width: 6, height: 4, data: new Uint8Array(24), channels: 1, depth: 8 });
  const pictures = ["image/png", "text/plain"].map((type): Output => ({
    output_type: "display_data",
    data: { [type]: Buffer.from(png).toString("base64") },
    metadata: { kept: true },
  }));
  const printed: Output = { output_type: "stream", name: "stdout", text: "1" };
  const cell = { ...codeCell("c", "1"), outputs: [...pictures, printed] };
  completeMetadata(createNotebook([cell]));
  assert.deepEqual(
    cell.outputs.map((output) => "metadata" in output ? output.metadata : undefined),
    [
      { kept: true, "image/png": { width: 3, height: 2 } },
      { kept: true },
      undefined,
    ],
  );
});

Deno.test("completeMetadata() keeps of a picture its SVG and PNG, and its title for those who cannot see", () => {
  const { [jupyterDisplay]: display } = bars({ a: 1 }, { title: "One bar", label: "N" });
  const moving = {
    ...display(),
    "text/html": '<img src="data:image/gif;base64,R0" alt="a &lt; b &amp; c">',
  };
  delete (moving as Record<string, string>)["image/svg+xml"];
  const outputs = [display(), moving].map((data): DisplayOutput => ({
    output_type: "display_data",
    data,
    metadata: {},
  }));
  completeMetadata(createNotebook([{ ...codeCell("c", "1"), outputs }]));

  const size = { width: 656, height: 120 };
  const words = ["One bar", "a < b & c"];
  assert.deepEqual(
    outputs.map(({ metadata }) => metadata["image/png"]),
    words.map((alt) => ({ ...size, alt })),
  );
  assert.deepEqual(outputs.map(({ data }) => Object.keys(data).sort()), [
    ["image/png", "image/svg+xml", "text/plain"],
    ["image/png", "text/html", "text/plain"],
  ]);
});

Deno.test("completeMetadata() has the version of the language, which front ends add", () => {
  const whole = createNotebook([]);
  const { version, ...language_info } = whole.metadata.language_info as Record<string, string>;
  assert.equal(version, Deno.version.typescript);
  const notebook = createNotebook([]);
  notebook.metadata = { ...notebook.metadata, language_info, title: "kept" };
  completeMetadata(notebook);
  assert.deepEqual(notebook.metadata, { ...whole.metadata, title: "kept" });
});
