import { path, runCommand } from "dlm/cli/_command.ts";
import { join } from "node:path";
import { Command } from "commander";
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import type { Checkpoint, EncodeOptions } from "dlm/training/checkpoint_format.ts";
import { sealCheckpoint } from "dlm/training/sealed_checkpoint.ts";
import { MODEL_OPTION, modelPath } from "dlm/cli/_inputs.ts";
import { meanModel } from "dlm/export/mean_model.ts";
import { encodeOnnx } from "dlm/export/onnx.ts";
import { createWebPage } from "dlm/export/web_page.ts";
import { runsFolder } from "dlm/training/run_folder.ts";

const command = new Command("export")
  .description("Writes a model for other programs: ONNX, safetensors and the vocabulary.")
  .option("--web", "a web page that writes with the model, instead")
  .option("--half", "16-bit numbers in the safetensors file or the page, half its size")
  .option("--model <name|file>", MODEL_OPTION, path)
  .option(
    "--mean-with <name|file>",
    "the mean of its numbers and another's, which it went on from: it can be better than both",
    path,
  )
  .option("--out <dir>", "folder for the files (default: runs/export)", path)
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const { out = join(runsFolder(), "export") } = options;
    const model = await modelPath(options.model);
    const other = options.meanWith && await modelPath(options.meanWith);
    const loaded = await loadCheckpoint(model);
    const checkpoint = other ? meanModel(loaded, await loadCheckpoint(other)) : loaded;
    const contents = options.web
      ? { "index.html": new TextEncoder().encode(await createWebPage(checkpoint, options)) }
      : await modelFiles(checkpoint, options);
    for (const name of Object.keys(contents)) {
      for (const used of [model, other]) if (used) await checkSpared(used, join(out, name));
    }
    const files: string[] = [];
    let bytes = 0;
    for (const [name, content] of Object.entries(contents)) {
      const file = join(out, name);
      await writeFileAtomic(file, content);
      if (!options.json) console.log(`${file}  ${Math.ceil(content.length / 1000)} kB`);
      files.push(file);
      bytes += content.length;
    }
    if (options.json) console.log(JSON.stringify({ files, bytes }));
  });

/**
 * Makes sure that a file to be written is not the model's own, whatever it is called: an export
 * lacks what training needs.
 *
 * @throws {RangeError} if it is
 */
async function checkSpared(model: string, file: string): Promise<void> {
  const target = await Deno.realPath(file).catch(() => undefined); // as a rule there is none yet
  if (target === undefined || target !== await Deno.realPath(model)) return;
  throw new RangeError(
    `${file} is the model itself, which the export would replace: choose another folder with --out.`,
  );
}

/** The files by name: the averaged model, without what only training needs. */
async function modelFiles(
  checkpoint: Checkpoint,
  options: EncodeOptions,
): Promise<Record<string, Uint8Array>> {
  const { training: _, ...model } = checkpoint;
  const { characters } = model;
  const vocabulary = JSON.stringify({ characters, maskId: characters.length }, null, 2);
  return {
    "model.onnx": encodeOnnx(model),
    "model.safetensors": await sealCheckpoint(model, options),
    "vocab.json": new TextEncoder().encode(`${vocabulary}\n`),
  };
}

await runCommand(command);
