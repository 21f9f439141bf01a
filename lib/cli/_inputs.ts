import { Option } from "commander";
import { type Corpus, fingerprintOf, loadCorpus } from "dlm/corpus.ts";
import { progressBar } from "dlm/cli/_progress.ts";
import { chosenText } from "dlm/files/choice.ts";
import { type LoadTextOptions, TEXT_NAMES } from "dlm/files/texts.ts";
import { BACKEND_WISHES } from "dlm/training/backend_choice.ts";
import { type LoadedModel, loadModel } from "dlm/training/checkpoint.ts";
import { findModel, namedModel, shippedModels } from "dlm/training/known_models.ts";

// What the user names on the command line: a text, a model, a backend.

/** Loads a corpus, with a bar on stderr while it is downloaded. */
export async function openCorpus(
  nameOrPath?: string,
  options: Pick<LoadTextOptions, "substitute"> = {},
): Promise<Corpus> {
  const bar = progressBar("{bar} {percentage} % downloaded");
  const corpus = await loadCorpus(nameOrPath, {
    ...options,
    onNotice: console.error,
    onProgress(received, total) {
      if (bar.isActive) bar.update(received);
      else bar.start(total, received);
    },
  });
  bar.stop();
  return corpus;
}

/**
 * The text that a model learned from, by its SHA-256: one that has a name, or the one that the reader
 * chose. What the model's file calls it is a stranger's word, and nothing is opened because of it.
 *
 * @throws {RangeError} if it is none of these
 */
export async function openLearnedText(learned: LearnedText): Promise<Corpus> {
  for (const candidate of [...TEXT_NAMES, undefined]) { // the chosen one last: its file may be gone
    const text = candidate ?? await chosenText();
    if (await fingerprintOf(text) !== learned.sha256) continue;
    const corpus = await openCorpus(text, { substitute: false });
    if (isSameText(corpus, learned)) return corpus;
  }
  throw new RangeError(
    `The model learned from a text called ${learned.name}, which cannot be found under that name: ` +
      `give its file with --corpus.`,
  );
}

/** What a model's file says of the text that it learned from. */
type LearnedText = Pick<Corpus, "name" | "sha256">;

/** Whether a text is the one that a model learned from. */
export function isSameText(corpus: Corpus, learned: LearnedText): boolean {
  return corpus.sha256 === learned.sha256;
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

/** The option that says what computes, in all commands that compute. */
export const backendOption = new Option(
  "--backend <name>",
  "what computes: the graphics card, or the processor in one of two ways " +
    "(default: the faster of webgpu and wasm)",
).choices(BACKEND_WISHES);
