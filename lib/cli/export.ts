import { join } from "node:path";
import { Command } from "commander";
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import {
  type Checkpoint,
  encodeCheckpoint,
  type EncodeOptions,
} from "dlm/training/checkpoint_format.ts";
import { runCommand } from "dlm/cli/_command.ts";
import { MODEL_OPTION, modelPath } from "dlm/cli/_inputs.ts";
import { encodeOnnx } from "dlm/export/onnx.ts";
import { createWebPage } from "dlm/export/web_page.ts";

const command = new Command("export")
  .description("Writes a model for other programs: ONNX, safetensors and the vocabulary.")
  .option("--web", "a web page that writes with the model, instead")
  .option("--half", "16-bit numbers in the safetensors file, half its size")
  .option("--model <name|file>", MODEL_OPTION)
  .option("--out <dir>", "folder for the files", "runs/export")
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const checkpoint = await loadCheckpoint(await modelPath(options.model));
    const contents = options.web
      ? { "index.html": new TextEncoder().encode(await createWebPage(checkpoint)) }
      : modelFiles(checkpoint, options);
    const files: string[] = [];
    let bytes = 0;
    for (const [name, content] of Object.entries(contents)) {
      const file = join(options.out, name);
      await writeFileAtomic(file, content);
      if (!options.json) console.log(`${file}  ${Math.ceil(content.length / 1000)} kB`);
      files.push(file);
      bytes += content.length;
    }
    if (options.json) console.log(JSON.stringify({ files, bytes }));
  });

/** The files by name: the averaged model, without what only training needs. */
function modelFiles(checkpoint: Checkpoint, options: EncodeOptions): Record<string, Uint8Array> {
  const { training: _, ...model } = checkpoint;
  const { characters } = model;
  const vocabulary = JSON.stringify({ characters, maskId: characters.length }, null, 2);
  return {
    "model.onnx": encodeOnnx(model),
    "model.safetensors": encodeCheckpoint(model, options),
    "vocab.json": new TextEncoder().encode(`${vocabulary}\n`),
  };
}

await runCommand(command);
