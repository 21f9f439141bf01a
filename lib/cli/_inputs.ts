import { type Corpus, fingerprintOf, loadCorpus } from "dlm/corpus.ts";
import { progressBar } from "dlm/cli/_progress.ts";
import { chosenText } from "dlm/files/choice.ts";
import { type LoadedModel, loadModel } from "dlm/training/checkpoint.ts";
import { findModel, namedModel, shippedModels } from "dlm/training/known_models.ts";

// What the user names on the command line: a text, a model.

/** Loads a corpus, with a bar on stderr while it is downloaded. */
export async function openCorpus(nameOrPath?: string): Promise<Corpus> {
  const bar = progressBar("{bar} {percentage} % downloaded");
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

/** What the option `--model` means. */
export const MODEL_OPTION =
  "a shipped model, or a checkpoint (default: the best that learned from the chosen text)";

/** Loads the model of {@linkcode modelPath}. */
export async function openModel(nameOrPath?: string): Promise<LoadedModel> {
  return await loadModel(await modelPath(nameOrPath));
}

/**
 * The path of a model that is called by its name or its path; if left out, the best that learned
 * from the text that the reader works with.
 *
 * @throws {RangeError} if there is none
 */
export async function modelPath(nameOrPath?: string): Promise<string> {
  if (nameOrPath !== undefined) return (await namedModel(nameOrPath)).path;
  const text = await chosenText();
  const found = await findModel(await fingerprintOf(text), { prefer: "best" });
  if (found) return found.path;
  const names = (await shippedModels()).map(({ name }) => name).join(", ");
  throw new RangeError(
    `No model has learned from ${text} as it is now: train one with deno task train, ` +
      `or name another with --model (${names}, or a checkpoint).`,
  );
}
