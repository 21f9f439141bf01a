import { join } from "node:path";
import { recordRun } from "dlm/course/models/run_table.ts";
import { loadCheckpoint, loadModel } from "dlm/training/checkpoint.ts";
import { type Corpus, loadCorpus } from "dlm/corpus.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import type { Predictor } from "dlm/crew/predictor.ts";
import type { Transformer } from "dlm/model.ts";
import {
  findModel,
  type FindModelOptions,
  type KnownModel,
  notebookRuns,
  shippedModels,
} from "dlm/training/known_models.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
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
  /** A page for it to write on: as many masks as it has places, or 128, which take seconds. */
  blank: Int32Array;
  /** In words, such as "the model that you trained". */
  origin: string;
}

/** Options for {@linkcode trainedModel}. */
export interface TrainedModelOptions extends FindModelOptions {
  /** The corpus's name or path.
   * @default {what the reader chose, or else tiny Shakespeare}
   */
  source?: string;
}

/**
 * A trained model for a notebook's cell, which may be the first that is run: that of
 * {@linkcode findModel}, or else a small one that is trained now, in a few seconds.
 *
 * It stays in memory until another one of its kind is asked for, so a cell need not free it,
 * can be run any number of times, and can hold a denoiser beside its causal twin. A program of
 * your own ends with `Deno.exit()`, since the Workers of the predictor keep it alive.
 *
 * @throws {Interrupted} on Stop while a small one is trained; a half of it is no model to look at
 */
export async function trainedModel(options: TrainedModelOptions = {}): Promise<TrainedModel> {
  const { source, ...wish } = options;
  const corpus = await loadCorpus(source);
  const causal = wish.causal ?? false;
  const known = await findModel(corpus.sha256, wish);
  const key = known
    ? `${known.path} ${known.written}`
    : `${causal ? "causal" : "denoiser"} ${corpus.sha256}`;
  return describe(await keep(key, () => known ? load(known) : trainNow(corpus, causal)), corpus);
}

/**
 * Saves a run as a model that {@linkcode trainedModel} calls yours, and remembers it among those of
 * {@linkcode recordedRuns} if it has come to its end. A run that was stopped does not take the
 * place of one that learned from the same text for more steps.
 *
 * @returns a sentence that says which of them is yours now
 */
export async function saveAsYours(run: Run): Promise<string> {
  const { done: { step, seconds }, settings, corpus } = run;
  const text = `${corpus.name}-${corpus.sha256.slice(0, 8)}`; // two texts may have one name
  const path = join(notebookRuns(), `${text}${run.config.causal ? "-causal" : ""}.safetensors`);
  const finished = step >= (settings.steps ?? Infinity) ||
    seconds >= (settings.seconds ?? Infinity);
  const before = await stepsOf(path, corpus.sha256);
  if (!finished && before > step) {
    return `Your model is still the one of ${before} steps, since this run was stopped after ${step}; ` +
      `to have this one, delete ${path} and train again.`;
  }
  await run.save(path);
  await recordRun(run);
  return `Your model is now the one of ${step} ${step === 1 ? "step" : "steps"}` +
    (before > 0 ? `, in the place of one of ${before}.` : ".");
}

/** How many steps the model in a file has learned from a text; 0 if there is no such model. */
async function stepsOf(path: string, sha256: string): Promise<number> {
  const { corpus, training } = await loadCheckpoint(path).catch(() => ({}) as Partial<Checkpoint>);
  return corpus?.sha256 === sha256 ? training?.done.step ?? 0 : 0;
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

async function load({ path, shipped, config: { causal } }: KnownModel): Promise<Loaded> {
  const { model } = await loadModel(path);
  const kind = causal ? "causal twin" : "model";
  const whence = shipped ? "comes with the course" : "you trained";
  return { model, origin: `the ${kind} that ${whence}` };
}

async function trainNow(corpus: Corpus, causal: boolean): Promise<Loaded> {
  const kind = causal ? "causal twin" : "model";
  const others = new Set((await shippedModels()).map(({ corpus }) => corpus.name));
  console.log(
    `No ${kind} has learned from ${corpus.name} yet, as those that come with the course did from ` +
      `${[...others].join(" and ")}. So a small one is trained now for a few seconds; ` +
      `deno task train${causal ? " --causal" : ""} makes a better one.`,
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
  const blank = new Int32Array(Math.min(model.context, 128)).fill(tokenizer.maskId);
  return { model, predictor, tokenizer, corpus, blank, origin };
}
