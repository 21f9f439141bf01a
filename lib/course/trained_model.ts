import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadCheckpoint, loadModel } from "dlm/training/checkpoint.ts";
import { type Corpus, loadCorpus } from "dlm/corpus.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import type { Predictor } from "dlm/crew/predictor.ts";
import type { Transformer } from "dlm/model.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { type Run, startRun } from "dlm/training/run.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** A model to look at, the corpus it learned from, and where it comes from. */
export interface TrainedModel {
  model: Transformer;
  /** The same model in Workers, one a core: it answers what the model does, and long measurements
   * sooner. They start when it is first asked. */
  predictor: Predictor;
  tokenizer: CharTokenizer;
  corpus: Corpus;
  /** A page for it to write on: as many masks as it has places. */
  blank: Int32Array;
  /** In words, such as "the model that you trained". */
  origin: string;
}

/** Options for {@linkcode trainedModel}. */
export interface TrainedModelOptions {
  /** The corpus's name or path.
   * @default {"tinyshakespeare"}
   */
  source?: string;
  /** Which to take if both are there.
   * @default {"shipped"}
   */
  prefer?: "yours" | "shipped";
  /** Whether to take the causal twin: the same model, trained as long, that sees only what
   * stands before a character.
   * @default {false}
   */
  causal?: boolean;
}

/**
 * A trained model for a notebook's cell, which may be the first that is run: the one that
 * notebook 05 saved, or the one that comes with the library, or else a small one that is
 * trained now, in a few seconds.
 *
 * It stays in memory until another one of its kind is asked for, so a cell need not free it,
 * can be run any number of times, and can hold a denoiser beside its causal twin.
 */
export async function trainedModel(options: TrainedModelOptions = {}): Promise<TrainedModel> {
  const { causal = false } = options;
  const corpus = await loadCorpus(options.source);
  const kind = causal ? "causal twin" : "model";
  const yours = { path: pathOfYours(causal), origin: `the ${kind} that you trained` };
  const shipped = { path: pathOfShipped(causal), origin: `the ${kind} that comes with the course` };
  const places = options.prefer === "yours" ? [yours, shipped] : [shipped, yours];
  for (const { path, origin } of places) {
    const version = await versionOf(path);
    if (version === undefined || await textOf(path, version) !== corpus.sha256) continue;
    const loaded = await keep(`${path} ${version}`, async () => {
      const { model } = await loadModel(path);
      return { model, origin };
    });
    return describe(loaded, corpus);
  }
  const key = `${kind} trained now on ${corpus.sha256}`;
  return describe(await keep(key, () => trainNow(corpus, causal)), corpus);
}

/** Saves a run as the model that {@linkcode trainedModel} calls yours. */
export async function saveAsYours(run: Run): Promise<void> {
  const path = pathOfYours(run.config.causal);
  await Deno.mkdir(dirname(path), { recursive: true });
  await run.save(path);
}

function pathOfShipped(causal: boolean): string {
  return pathOf(`../../data/models/laptop${causal ? "-causal" : ""}.safetensors`);
}

/** The tests' short runs have a file of their own, so that they never replace a good model. */
function pathOfYours(causal: boolean): string {
  const preset = Deno.env.get("DLM_PRESET") ?? "laptop";
  return pathOf(`../../runs/notebooks/${preset}${causal ? "-causal" : ""}.safetensors`);
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** When a file was written; nothing if there is none. */
async function versionOf(path: string): Promise<number | undefined> {
  return await Deno.stat(path).then(({ mtime }) => Number(mtime), () => undefined);
}

/** The texts that files of models were trained on, by path and time of writing. */
const texts = new Map<string, string>();

/** The SHA-256 of the text that the model in a file learned from. */
async function textOf(path: string, version: number): Promise<string> {
  const key = `${path} ${version}`;
  if (!texts.has(key)) texts.set(key, (await loadCheckpoint(path)).corpus.sha256);
  return texts.get(key)!;
}

/** A model in memory. */
interface Loaded {
  model: Transformer;
  origin: string;
}

/** The one model of each kind that is in memory, with its Workers. */
const kept = new Map<boolean, Loaded & { key: string; predictor: Predictor & Disposable }>();

/** The model of a key: the one in memory if it is that one, else another in its place. */
async function keep(key: string, load: () => Promise<Loaded>) {
  for (const loaded of kept.values()) if (loaded.key === key) return loaded;
  const { model, origin } = await load();
  const before = kept.get(model.causal);
  before?.predictor[Symbol.dispose]();
  before?.model[Symbol.dispose]();
  const loaded = { key, model, origin, predictor: predictInWorkers(model) };
  kept.set(model.causal, loaded);
  return loaded;
}

async function trainNow(corpus: Corpus, causal: boolean): Promise<Loaded> {
  const kind = causal ? "causal twin" : "model";
  console.log(
    `There is no trained ${kind} of ${corpus.name} yet, so a small one is trained for a few seconds; ` +
      (causal
        ? "deno task train --causal trains a better one."
        : "notebook 05 trains a better one."),
  );
  await using run = await startRun(corpus, { ...PRESETS.smoke, causal, seed: 1, workers: 0 });
  await Array.fromAsync(run.train());
  return { model: await run.model(), origin: `a small ${kind}, trained for a few seconds` };
}

function describe(
  { model, predictor, origin }: Loaded & { predictor: Predictor },
  corpus: Corpus,
): TrainedModel {
  const { tokenizer } = corpus;
  const blank = new Int32Array(model.context).fill(tokenizer.maskId);
  return { model, predictor, tokenizer, corpus, blank, origin };
}
