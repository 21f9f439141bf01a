import { kernelsInUse } from "dlm/backend/backend.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { saveCheckpoint, VERSION } from "dlm/training/checkpoint.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import type { Corpus } from "dlm/corpus.ts";
import { checkFootprint, trainingFootprint } from "dlm/crew/footprint.ts";
import { createLearner, type Learner, type LearnerState } from "dlm/crew/learner.ts";
import { initialParameters, Transformer, type TransformerConfig } from "dlm/model.ts";
import type { BitsPerCharacter } from "dlm/evaluation.ts";
import { createCrew, usefulWorkers } from "dlm/crew/crew.ts";
import type { Preset, RunSettings } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import { checkTraining, train, type TrainMetrics, type TrainOptions } from "dlm/trainer.ts";

/** A training run: a model that learns, how far it has come, and where it is going. */
export interface Run extends AsyncDisposable {
  readonly corpus: Corpus;
  readonly settings: RunSettings;
  readonly config: TransformerConfig;
  /** How many steps it has behind it, and how many seconds they took. */
  readonly done: { step: number; seconds: number };
  /** What its last evaluation found, if there was one. */
  readonly evaluation: BitsPerCharacter | undefined;
  /** Trains to the end of the budget, one yield a step; see {@linkcode train}. */
  train(options?: Pick<TrainOptions, "onEvaluation">): AsyncGenerator<TrainMetrics>;
  /** The averaged model as it now is, owned by the caller. */
  model(): Promise<Transformer>;
  /** Writes a checkpoint from which the run can be resumed; see {@linkcode saveCheckpoint}. */
  save(path: string): Promise<void>;
}

/**
 * A new run, from parameters drawn at random or from those of a finished model: of one that learned
 * from another text, or from shorter windows.
 *
 * @param from what is in the file of that model; its size must be that of the settings, but for
 *   the context and for layers added at its end, which change nothing before they learn
 * @example
 * ```ts ignore
 * await using run = await startRun(await loadCorpus(), { ...PRESETS.smoke, seed: 1 });
 * for await (const { step, loss } of run.train()) console.log(step, loss);
 * await run.save("model.safetensors");
 * ```
 *
 * @throws {RangeError} if the settings make no sense or want more memory than there is, or the
 *   model is of another size or knows other characters than the corpus
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, while its Workers start
 */
export async function startRun(
  corpus: Corpus,
  settings: RunSettings,
  from?: FinishedModel,
): Promise<Run> {
  const { layers, width, heads, context, causal = false, seed } = settings;
  const { vocabularySize } = corpus.tokenizer;
  const config = {
    vocabularySize,
    layers,
    width,
    heads,
    context,
    causal,
  };
  checkSettings(corpus, config, settings);
  if (from) checkFits(from, corpus, config);
  const random = initialParameters(config, new Rng(seed).stream("initialisation"));
  const parameters = { ...random, ...from?.average };
  return await createRun(corpus, settings, { config, start: { parameters } });
}

/** What a run needs of a model that it starts from. */
export type FinishedModel = Pick<Checkpoint, "config" | "characters" | "average">;

function checkFits(from: FinishedModel, corpus: Corpus, config: TransformerConfig): void {
  if (from.characters.join("") !== corpus.tokenizer.characters.join("")) {
    throw new RangeError(
      `The model to start from knows other characters than ${corpus.name} has: ` +
        `start from random parameters.`,
    );
  }
  for (const name of ["width", "heads", "causal"] as const) {
    if (from.config[name] === config[name]) continue;
    throw new RangeError(
      `The model to start from has ${name} ${from.config[name]}, not ${config[name]}: ` +
        `the run must have the same.`,
    );
  }
  if (from.config.layers > config.layers) {
    throw new RangeError(
      `The model to start from has ${from.config.layers} layers: the run must have as many, or more.`,
    );
  }
}

/**
 * Goes on with a run where a checkpoint left it, on the same curve; with other kernels than
 * before, its last digits may differ.
 *
 * @param changes another budget or number of Workers, if not those of the checkpoint
 * @throws {RangeError} if the checkpoint cannot be trained on, is of another corpus or another
 *   version of the library, and so could not take the same steps, or as {@linkcode startRun}
 * @throws {Interrupted} as {@linkcode startRun}
 */
export async function resumeRun(
  corpus: Corpus,
  checkpoint: Checkpoint,
  changes: Pick<RunSettings, "steps" | "seconds" | "workers"> = {},
): Promise<Run> {
  const { config, training, average } = checkpoint;
  if (!training) {
    throw new RangeError(
      "This file holds a finished model without the optimizer's state: it cannot be trained on.",
    );
  }
  checkSame(checkpoint, corpus);
  const { parameters, mean, meanSquare, done } = training;
  const { workers = training.settings.workers } = changes;
  const settings = { ...withBudget(training.settings, changes), workers };
  checkSettings(corpus, config, settings);
  const start = { parameters, average, mean, meanSquare };
  return await createRun(corpus, settings, { config, start, done });
}

function checkSame({ version, corpus: learned }: Checkpoint, corpus: Corpus): void {
  if (version !== VERSION) {
    throw new RangeError(
      `The run was trained with version ${version} of this library, and this is ${VERSION}: ` +
        `resume with that version, or start a new run.`,
    );
  }
  if (corpus.sha256 === learned.sha256) return;
  throw new RangeError(
    corpus.name === learned.name
      ? `${corpus.name} is no longer the text that the run learned from: resume with the text as it was, or start a new run.`
      : `The run learned from ${learned.name}, not from ${corpus.name}: resume with that corpus.`,
  );
}

/** A budget given, in steps or in seconds, replaces both of the settings' own. */
export function withBudget<Settings extends Preset>(
  settings: Settings,
  { steps, seconds }: Pick<Preset, "steps" | "seconds">,
): Settings {
  if (steps === undefined && seconds === undefined) return settings;
  return { ...settings, steps, seconds };
}

/** Where a run begins. */
interface Beginning {
  config: TransformerConfig;
  start: Pick<LearnerState, "parameters"> & Partial<LearnerState>;
  done?: { step: number; seconds: number };
}

/** How many Workers share a batch; 0 trains in this thread. */
function workersOf({ workers = usefulWorkers(), batch }: RunSettings): number {
  return Math.min(workers, batch); // one sequence each at least
}

/** Refuses what makes no sense, or would not fit, before parameters are drawn and Workers start. */
function checkSettings(corpus: Corpus, config: TransformerConfig, settings: RunSettings): void {
  const size = { ...settings, config, workers: workersOf(settings) };
  checkFootprint("Training", trainingFootprint(size));
  checkTraining({ ...settings, corpus, config });
}

async function createRun(
  corpus: Corpus,
  settings: RunSettings,
  beginning: Beginning,
): Promise<Run> {
  const { config, start } = beginning;
  const { microBatch, muon } = settings;
  const workers = workersOf(settings);
  const options = { config, start, microBatch, muon };
  const crew = workers === 0 ? undefined : createCrew({ workers });
  using interrupt = listenForInterrupt();
  await using started = new AsyncDisposableStack();
  const learner = started.use(crew ? await crew.learner(options) : createLearner(options));
  await interrupt.check("before the first step");
  started.move(); // to the run
  const model = async () => new Transformer(config, await learner.state("average"));
  const average = crew
    ? async () => crew.predictor({ config, parameters: await learner.state("average") })
    : model;
  let done = beginning.done ?? { step: 0, seconds: 0 };
  let evaluation: BitsPerCharacter | undefined;
  return {
    corpus,
    settings,
    config,
    get done() {
      return done;
    },
    get evaluation() {
      return evaluation;
    },
    async *train({ onEvaluation } = {}) {
      const options = { ...settings, corpus, config, learner, average, done, onEvaluation };
      for await (const metrics of train(options)) {
        done = { step: metrics.step, seconds: metrics.seconds };
        evaluation = metrics.validation ?? evaluation;
        yield metrics;
      }
    },
    model,
    async save(path) {
      const { average, ...rest } = await readState(learner);
      const training = { ...rest, done, settings };
      const { tokenizer: { characters }, name, sha256 } = corpus;
      await saveCheckpoint(path, {
        version: VERSION,
        kernels: kernelsInUse().set,
        config,
        characters,
        corpus: { name, sha256 },
        average,
        training,
      });
    },
    [Symbol.asyncDispose]: () => learner[Symbol.asyncDispose](),
  };
}

async function readState(learner: Learner): Promise<LearnerState> {
  return {
    parameters: await learner.state("parameters"),
    average: await learner.state("average"),
    mean: await learner.state("mean"),
    meanSquare: await learner.state("meanSquare"),
  };
}
