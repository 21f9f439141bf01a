import { resolve } from "node:path";
import { type Corpus, loadCorpus } from "dlm/corpus.ts";
import { readChoice, writeChoice } from "dlm/files/choice.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";
import { findModel, namedModel } from "dlm/training/known_models.ts";

/**
 * Chooses the text, and the model if you like, that every notebook and every command works with
 * from now on. The choice is kept in data/choice.json.
 *
 * @example
 * ```ts ignore
 * console.log(await chooseText("diary.txt"));
 * ```
 *
 * @param text the name of a text, or the path of a UTF-8 file; if empty, it stays what it was
 * @param model the name of a model that comes with the library, or the path of another; if empty,
 * one that learned from the text is found for it
 * @returns a sentence or two about what is chosen now
 * @throws {RangeError} if there is no such text or model, or the model learned from another text
 */
export async function chooseText(text: string = "", model: string = ""): Promise<string> {
  if (text || model) {
    const chosen = text === ""
      ? (await readChoice()).text
      : TEXT_NAMES.includes(text)
      ? text
      : resolve(text);
    const corpus = await loadCorpus(chosen);
    await writeChoice({ text: chosen, model: model ? await modelFor(corpus, model) : undefined });
  }
  return await describeChoice();
}

/** The path of a model that learned from a text. */
async function modelFor({ name, sha256 }: Corpus, model: string): Promise<string> {
  const { path, corpus } = await namedModel(model);
  if (corpus.sha256 === sha256) return resolve(path);
  throw new RangeError(
    `The model ${model} learned from ${corpus.name}, not from ${name} as it is now: ` +
      `choose one that did, or none.`,
  );
}

async function describeChoice(): Promise<string> {
  const { name, sha256, tokenizer, train, validation } = await loadCorpus();
  const length = (train.length + validation.length).toLocaleString("en");
  const model = await findModel(sha256, { prefer: "best" });
  return `The text is ${name}: ${length} characters, ${tokenizer.vocabularySize} different ones. ` +
    (model
      ? `The model that writes like it is ${model.name}.`
      : `No model has learned from it yet: deno task train makes one.`);
}
