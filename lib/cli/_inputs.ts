import { SingleBar } from "cli-progress";
import { fileURLToPath } from "node:url";
import { type Corpus, loadCorpus } from "dlm/corpus.ts";
import { type LoadedModel, loadModel } from "dlm/training/checkpoint.ts";

// What the user names on the command line: a text, a model.

/** Loads a corpus, with a bar on stderr while it is downloaded. */
export async function openCorpus(nameOrPath?: string): Promise<Corpus> {
  const bar = new SingleBar({ format: "{bar} {percentage} % downloaded" });
  const corpus = await loadCorpus(nameOrPath, {
    onNotice: console.error,
    onProgress(received, total) {
      if (bar.isActive) bar.update(received);
      else bar.start(total, received);
    },
  });
  bar.stop();
  return corpus;
}

const SHIPPED = fileURLToPath(new URL("../../data/models/", import.meta.url));

/** The model that commands use unless told otherwise. */
export const DEFAULT_MODEL = "best";

/** Loads a shipped model by name, or any checkpoint by path. */
export async function openModel(nameOrPath: string): Promise<LoadedModel> {
  return await loadModel(await modelPath(nameOrPath));
}

/** The path of a shipped model by name; any other text is a path already. */
export async function modelPath(nameOrPath: string): Promise<string> {
  const shipped = await shippedModels();
  return shipped.get(nameOrPath) ?? nameOrPath;
}

/** The paths of the models that come with the library, by name. */
export async function shippedModels(): Promise<Map<string, string>> {
  const models = new Map<string, string>();
  for await (const { name } of Deno.readDir(SHIPPED)) {
    const [, model] = name.match(/^(.+)\.safetensors$/) ?? [];
    if (model) {
      models.set(model, SHIPPED + name);
    }
  }
  return models;
}
