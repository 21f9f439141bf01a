/** What a notebook's file says beside what the kernel tells. */
import { parseHTML } from "linkedom";
import { Buffer } from "node:buffer";
import { codeCells, DENO_METADATA, type Notebook, type Output } from "dlm/jupyter/notebook.ts";

/**
 * Adds to a notebook that has run what a front end would, which otherwise finds a change to be
 * saved as soon as the notebook is opened; and what the kernel does not give: the sizes of pictures
 * and words for those who do not see them.
 */
export function completeMetadata(notebook: Notebook): void {
  Object.assign(notebook.metadata, structuredClone(DENO_METADATA));
  for (const { outputs } of codeCells(notebook)) outputs.forEach(completePicture);
}

/**
 * Without a size, a front end shows a PNG twice as large: the course's have two pixels a CSS pixel.
 * The same image in HTML is for fresh outputs only: it would be stored once more, and not every page
 * that shows stored notebooks lets it through.
 */
function completePicture(output: Output): void {
  if (output.output_type !== "display_data" && output.output_type !== "execute_result") return;
  const { "image/png": png, "image/svg+xml": svg, "text/html": html, "text/plain": text } =
    output.data;
  if (typeof png !== "string") return;
  if (
    svg !== undefined || String(html).startsWith('<img src="data:image/png')
  ) {
    delete output.data["text/html"];
  }
  const head = Buffer.from(png.slice(0, 32), "base64");
  const [width, height] = [head.readUInt32BE(16) / 2, head.readUInt32BE(20) / 2];
  const before = Object(output.metadata["image/png"]).alt; // of HTML that has gone
  const alt = altOf(String(html)) ?? before ?? String(text ?? "").split("\n", 1)[0]!;
  output.metadata = { ...output.metadata, "image/png": { width, height, ...(alt && { alt }) } };
}

/** The words of an image in HTML for those who do not see it, if there is one. */
function altOf(html: string): string | undefined {
  const { document } = parseHTML(html) as unknown as Parsed;
  return document.querySelector("img[alt]")?.getAttribute("alt") ?? undefined;
}

/** What is used here of linkedom's document, whose types want those of a browser. */
interface Parsed {
  document: {
    querySelector(selector: string): { getAttribute(name: string): string | null } | null;
  };
}
