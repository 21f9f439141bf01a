import { fileURLToPath } from "node:url";
import {
  type Checkpoint,
  encodeCheckpoint,
  type EncodeOptions,
} from "dlm/training/checkpoint_format.ts";
import page from "dlm/export/web/page.html" with { type: "text" };

/**
 * A page that writes text with a checkpoint's averaged model: one HTML file with the model,
 * the sampler and all they need inside, which a browser opens from anywhere, a disk included. With
 * the model in 16-bit numbers it is half as large, and wants a browser of 2025 or later, which has
 * arrays of them.
 *
 * @throws {RangeError} if the model is causal, or if the program cannot be bundled, as where Deno has no bundler yet and cannot fetch it
 */
export async function createWebPage(
  checkpoint: Checkpoint,
  { half = false }: Pick<EncodeOptions, "half"> = {},
): Promise<string> {
  const { training: _, ...model } = checkpoint;
  if (model.config.causal) {
    throw new RangeError(
      "A causal model cannot fill in masks, so no page could write with it: export a denoiser.",
    );
  }
  const program = await bundle(fileURLToPath(new URL("./web/page.ts", import.meta.url)));
  const data = encodeCheckpoint(model, { half }).toBase64();
  const scripts = `<script type="text/plain" id="model">${data}</script>
<script type="module">${program.replaceAll(/<(?=\/script|!--)/gi, "\\x3C")}</script>
`;
  return page.replace("</body>", () => `${scripts}</body>`);
}

/** A module with everything it imports, as one. */
async function bundle(path: string): Promise<string> {
  try {
    const { errors: [error], outputFiles } = await Deno.bundle({
      entrypoints: [path],
      platform: "browser",
      minify: true,
      write: false,
    });
    if (error) throw new Error(error.text);
    return outputFiles![0]!.text();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(
      `The page's program cannot be bundled (${reason}): Deno fetches its bundler from npm when ` +
        `it is first used, so try again where npm can be reached.`,
      { cause },
    );
  }
}
