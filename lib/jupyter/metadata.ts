/** What a notebook's file says beside what the kernel tells. */
import { Buffer } from "node:buffer";
import { codeCells, DENO_METADATA, type Notebook, type Output } from "dlm/jupyter/notebook.ts";

/**
 * Adds to a notebook that has run what a front end would, which otherwise finds a change to be
 * saved as soon as the notebook is opened; and the sizes of pictures, which the kernel does not give.
 */
export function completeMetadata(notebook: Notebook): void {
  Object.assign(notebook.metadata, structuredClone(DENO_METADATA));
  for (const { outputs } of codeCells(notebook)) outputs.forEach(addSize);
}

/** Without a size, a front end shows a PNG twice as large: the course's have two pixels a CSS pixel. */
function addSize(output: Output): void {
  if (output.output_type !== "display_data" && output.output_type !== "execute_result") return;
  const png = output.data["image/png"];
  if (typeof png !== "string") return;
  const head = Buffer.from(png.slice(0, 32), "base64");
  const [width, height] = [head.readUInt32BE(16) / 2, head.readUInt32BE(20) / 2];
  output.metadata = { ...output.metadata, "image/png": { width, height } };
}
