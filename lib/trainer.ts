import { Interrupted, listenForInterrupt } from "dlm/backend/interrupt.ts";
import type { NoisyBatch } from "dlm/batch.ts";
import { type Corpus, drawWindows } from "dlm/corpus.ts";
import { type BitsPerCharacter, evaluate } from "dlm/evaluation.ts";
import type { Learner, StepResult } from "dlm/crew/learner.ts";
import type { OnProgress, Predictor } from "dlm/crew/predictor.ts";
import type { Denoiser, TransformerConfig } from "dlm/model.ts";
import { type DrawNoise, nextCharacterNoise, rootCountNoise } from "dlm/objective.ts";
import { learningRateAt, type Step } from "dlm/optimizer/optimizer.ts";
import { Rng } from "dlm/rng.ts";

/** How a model is trained: the hyperparameters that are not those of the model. */
export interface TrainingPlan {
  /** `B`, the number of sequences a step, each window as often as the noise has readings of it. */
  batch: number;
  /** The peak learning rate of AdamW, for the embeddings and the head. */
  learningRate: number;
  /** The peak learning rate of Muon, for the matrices of the blocks: about how much a step
   * changes their outputs, which are about 1. */
  matrixLearningRate: number;
  /** Steps in which the learning rates rise. */
  warmupSteps: number;
  /** The run's length in steps …
   * @default {Infinity}
   */
  steps?: number | undefined;
  /** … or in seconds, whichever is reached first.
   * @default {Infinity}
   */
  seconds?: number | undefined;
  /** Steps between evaluations. */
  evaluateEvery: number;
  /** Validation windows of an evaluation on the way; the last takes the whole split, or of a very
   * long one as much as is soon measured. */
  evaluationWindows: number;
}

/** Options for {@linkcode train}. */
export interface TrainOptions extends TrainingPlan {
  corpus: Corpus;
  config: TransformerConfig;
  /** The model that learns, as far as it has come. */
  learner: Pick<Learner, "step">;
  /** The averaged model as it now is, to be evaluated; owned by who asks. */
  average(): Promise<(Denoiser | Predictor) & Disposable>;
  /** How many steps it has behind it, and how many seconds they took.
   * @default {{ step: 0, seconds: 0 }}
   */
  done?: { step: number; seconds: number };
  /** Decides which windows are drawn and what is masked, step by step. */
  seed: number;
  /** How the noise of a batch is drawn, and so what the loss is.
   * @default {rootCountNoise, or nextCharacterNoise for a causal model}
   */
  drawNoise?: DrawNoise;
  /** Hears the share of an evaluation that is done, in [0, 1], while it lasts. */
  onEvaluation?: OnProgress | undefined;
}

/** What one step of a training run has to tell. */
export interface TrainMetrics extends StepResult, Step {
  /** Seconds of training so far, evaluations not counted. */
  seconds: number;
  /** How many characters were trained on so far. */
  characters: number;
  /** The share of the run's budget already spent, in [0, 1]. */
  progress: number;
  /** The averaged model on the validation split, when it was this step's turn. */
  validation?: BitsPerCharacter;
}

/**
 * The training loop: draw windows, mask them, take a step; one yield a step. What step `n`
 * sees depends on the seed and on `n` alone, so a run that stops and goes on elsewhere
 * takes the same steps.
 *
 * @throws {RangeError} if an option makes no sense, or the loss stops being a number
 * @throws {Interrupted} after the step that is under way on Ctrl-C, or on Stop in a notebook;
 *   every step taken has been yielded by then, and so it is if an evaluation fails
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainMetrics> {
  checkTraining(options);
  const { corpus, config, learner, batch } = options;
  const { done = { step: 0, seconds: 0 }, steps = Infinity, seconds: budget = Infinity } = options;
  const rng = new Rng(options.seed).stream("training");
  const ownNoise: DrawNoise = config.causal ? nextCharacterNoise : rootCountNoise;
  const { drawNoise = ownNoise } = options;
  let { step, seconds } = done;
  using interrupt = listenForInterrupt();
  while (step < steps && seconds < budget) {
    const start = performance.now();
    step++;
    const progress = Math.max((step - 1) / steps, seconds / budget);
    const rates = ratesAt(step, progress, options);
    const sizes = { size: batch, length: config.context };
    const drawn = drawBatch(corpus, { ...sizes, drawNoise, rng: rng.stream(step) });
    const result = await learner.step(drawn, rates);
    checkLoss(result, rates);
    await interrupt.breathe();
    seconds += (performance.now() - start) / 1000;
    const metrics: TrainMetrics = {
      ...result,
      ...rates,
      seconds,
      characters: step * batch * config.context,
      progress: Math.min(1, Math.max(step / steps, seconds / budget)),
    };
    const last = metrics.progress === 1;
    let fault: unknown; // the step is taken, whatever becomes of its evaluation
    if ((last || step % options.evaluateEvery === 0) && !interrupt.requested) {
      const windows = last ? lastWindows(metrics, options) : options.evaluationWindows;
      try {
        metrics.validation = await evaluateAverage(options, windows);
      } catch (error) {
        fault = error;
      }
    }
    yield metrics;
    if (fault && !(fault instanceof Interrupted)) throw fault;
    await interrupt.check(
      steps === Infinity ? `after step ${step}` : `after step ${step} of ${steps}`,
    );
  }
}

/** Options for {@linkcode drawBatch}. */
export interface DrawBatchOptions {
  /** How many noisy sequences, each window as often as the noise has readings of it. */
  size: number;
  /** The characters of a sequence. */
  length: number;
  rng: Rng;
  /** How the noise is drawn, and so what the loss is.
   * @default {rootCountNoise}
   */
  drawNoise?: DrawNoise;
}

/**
 * What one step of training learns from: windows of a training split, with noise.
 *
 * @throws {RangeError} if the split is shorter than a window
 */
export function drawBatch(
  { train, tokenizer }: Pick<Corpus, "train" | "tokenizer">,
  { size, length, rng, drawNoise = rootCountNoise }: DrawBatchOptions,
): NoisyBatch {
  const { readings = 1 } = drawNoise;
  const windows = drawWindows(train, { count: Math.ceil(size / readings), length, rng });
  return drawNoise(windows, { maskId: tokenizer.maskId, rng, size });
}

/** Both learning rates rise and fall alike. */
function ratesAt(step: number, progress: number, options: TrainOptions): Step {
  const { learningRate, matrixLearningRate, warmupSteps } = options;
  const at = (peak: number) => learningRateAt(step, progress, { peak, warmupSteps });
  return { step, learningRate: at(learningRate), matrixLearningRate: at(matrixLearningRate) };
}

/** So many characters may be evaluated at the end of any run: the whole of most splits … */
const SOON_MEASURED = 2 ** 17;

/** … and so many at the end of the longest: more would take memory that training did not. */
const MOST_MEASURED = 2 ** 21;

/**
 * The windows of the last evaluation, at the most. A step takes about three times as long for a
 * character as an evaluation, so that a quarter of the characters trained on is a twelfth of the run.
 */
function lastWindows({ characters }: TrainMetrics, options: TrainOptions): number {
  const { evaluationWindows, config: { context } } = options;
  const most = Math.min(MOST_MEASURED, Math.max(SOON_MEASURED, characters / 4));
  return Math.max(evaluationWindows, Math.ceil(most / context));
}

/** The averaged model on so many windows of the validation split, the same ones every time. */
async function evaluateAverage(options: TrainOptions, windows: number): Promise<BitsPerCharacter> {
  const { corpus, average, onEvaluation } = options;
  using model = await average();
  return await evaluate(model, corpus.validation, {
    windows,
    ...(onEvaluation && { onProgress: onEvaluation }),
  });
}

function checkLoss({ loss }: StepResult, { step, learningRate, matrixLearningRate }: Step): void {
  if (Number.isFinite(loss)) return;
  const rates = [learningRate, matrixLearningRate].map((rate) => rate.toPrecision(2)).join(" and ");
  throw new RangeError(
    `The loss became ${loss} at step ${step}, at learning rates of ${rates}: ` +
      `start again with lower ones.`,
  );
}

/**
 * Refuses what no run can be trained with.
 *
 * @throws {RangeError} if an option makes no sense, or the text is too short
 */
export function checkTraining(
  options: Omit<TrainOptions, "learner" | "average" | "seed">,
): void {
  const { steps = Infinity, seconds = Infinity, batch, learningRate, matrixLearningRate } = options;
  const { warmupSteps, evaluateEvery, evaluationWindows } = options;
  const wholeNumbers: [name: string, value: number, least: number][] = [
    ["steps", steps === Infinity ? 1 : steps, 1],
    ["batch", batch, 1],
    ["warmupSteps", warmupSteps, 0],
    ["evaluateEvery", evaluateEvery, 1],
    ["evaluationWindows", evaluationWindows, 2], // one alone has no standard error
  ];
  for (const [name, value, least] of wholeNumbers) {
    if (!(Number.isSafeInteger(value) && value >= least)) {
      throw new RangeError(`${name} is ${value}: it must be a whole number of at least ${least}.`);
    }
  }
  for (const [name, value] of Object.entries({ seconds, learningRate, matrixLearningRate })) {
    if (!(value > 0)) {
      throw new RangeError(`${name} is ${value}: it must be above 0.`);
    }
  }
  if (steps === Infinity && seconds === Infinity) {
    throw new RangeError("A training run needs an end: give a number of steps or of seconds.");
  }
  const { corpus, config: { context } } = options;
  // Evaluating the whole validation split takes two windows too.
  for (const [split, least] of [["train", context], ["validation", context + 1]] as const) {
    const { length } = corpus[split];
    if (length < least) {
      throw new RangeError(
        `The ${split} part of ${corpus.name} has ${length} characters, but a context of ${context} ` +
          `needs ${least}: use a longer text or a smaller context.`,
      );
    }
  }
}
