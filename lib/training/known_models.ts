import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readChoice } from "dlm/files/choice.ts";
import { parameterCount } from "dlm/model.ts";
import { describeCheckpoint } from "dlm/training/checkpoint.ts";
import type { CheckpointMetadata } from "dlm/training/checkpoint_metadata.ts";

/** A model in a file: what it learned from, but none of its numbers yet. */
export interface KnownModel extends Pick<CheckpointMetadata, "config" | "corpus" | "training"> {
  path: string;
  /** What the commands call it: the name of one that comes with the library, or the path. */
  name: string;
  /** Whether it comes with the library. */
  shipped: boolean;
  /** When it was written, in milliseconds. */
  written: number;
}

const SHIPPED = fileURLToPath(new URL("../../data/models", import.meta.url));

const ENDING = ".safetensors";

/** Where the reader's runs are kept, each in a folder. */
export const RUNS: string = fileURLToPath(new URL("../../runs", import.meta.url));

/** Where the short runs are kept with which the notebooks are tested. */
const SMOKE_RUNS = fileURLToPath(new URL("../../build/runs", import.meta.url));

/** Where the notebooks keep what they train; while they are tested, apart from the reader's runs. */
export function notebookRuns(): string {
  return join(Deno.env.get("DLM_PRESET") === "smoke" ? SMOKE_RUNS : RUNS, "notebooks");
}

/** The models that come with the library, the smallest first. */
export async function shippedModels(): Promise<KnownModel[]> {
  const models = await modelsIn(SHIPPED);
  return models.sort((a, b) => parameterCount(a.config) - parameterCount(b.config));
}

/** The models of the reader's runs, the newest first; where notebooks are tested, also theirs. What
 * was exported into the same folder is a copy, and none of them. */
async function ownModels(): Promise<KnownModel[]> {
  const places = Deno.env.get("DLM_PRESET") === "smoke" ? [RUNS, SMOKE_RUNS] : [RUNS];
  return (await Promise.all(places.map(modelsOfRuns))).flat();
}

async function modelsOfRuns(place: string): Promise<KnownModel[]> {
  const folders = (await entriesOf(place)).filter(({ isDirectory }) => isDirectory);
  const models = await Promise.all(folders.map(({ name }) => modelsIn(join(place, name))));
  return models.flat().filter(({ training }) => training).sort((a, b) => b.written - a.written);
}

/** Options for {@linkcode findModel}. */
export interface FindModelOptions {
  /** Whether to find the causal twin.
   * @default {false}
   */
  causal?: boolean | undefined;
  /** Which to take of several: of those that come with the library the `small` one, made to be
   * measured, or the `best`; or the newest of `yours`.
   * @default {"small"}
   */
  prefer?: "small" | "best" | "yours" | undefined;
}

/**
 * A model for a text: the one that the reader chose, or else one that comes with the library or
 * that the reader trained. It learned from this very text, which no name can promise.
 *
 * @param sha256 the text's
 * @returns nothing, if there is none
 */
export async function findModel(
  sha256: string,
  { causal = false, prefer = "small" }: FindModelOptions = {},
): Promise<KnownModel | undefined> {
  const fits = ({ corpus, config }: KnownModel) =>
    corpus.sha256 === sha256 && config.causal === causal;
  const chosen = await chosenModel();
  if (chosen && fits(chosen)) return chosen;
  const shipped = (await shippedModels()).filter(fits);
  const own = (await ownModels()).filter(fits);
  const ofLibrary = prefer === "best" ? shipped.at(-1) : shipped[0];
  return prefer === "yours" ? own[0] ?? ofLibrary : ofLibrary ?? own[0];
}

/** The model that the reader chose, if any. */
async function chosenModel(): Promise<KnownModel | undefined> {
  const { model } = await readChoice();
  if (model === undefined) return undefined;
  return await modelAt(model).catch((error) => {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${error.message} You chose it: deno task text chooses anew.`);
  });
}

/**
 * The model that somebody calls by the name of one that comes with the library, or by its path.
 *
 * @throws {RangeError} if there is none
 */
export async function namedModel(nameOrPath: string): Promise<KnownModel> {
  const shipped = await shippedModels();
  return shipped.find(({ name }) => name === nameOrPath) ?? await modelAt(nameOrPath);
}

async function modelsIn(folder: string): Promise<KnownModel[]> {
  const names = (await entriesOf(folder)).map(({ name }) => name)
    .filter((name) => name.endsWith(ENDING) && !name.endsWith(`.previous${ENDING}`));
  // Beside checkpoints there may be files of other kinds.
  const models = names.map((name) => modelAt(join(folder, name)).catch(() => undefined));
  return (await Promise.all(models)).filter((model) => model !== undefined);
}

async function modelAt(path: string): Promise<KnownModel> {
  const { config, corpus, training } = await describeCheckpoint(path);
  const shipped = dirname(path) === SHIPPED;
  const written = Number((await Deno.stat(path)).mtime);
  const name = shipped ? basename(path, ENDING) : path;
  return { config, corpus, training, path, name, shipped, written };
}

/** What is in a folder: nothing, if it is none or nobody may look. */
async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  return await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
}
