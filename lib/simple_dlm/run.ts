import { type NamedVariables, readAll } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import type { Corpus } from "dlm/corpus.ts";
import { lossAndGradients } from "dlm/objective.ts";
import { Optimizer, type OptimizerState, type Step } from "dlm/optimizer/optimizer.ts";
import { ALONE } from "dlm/optimizer/team.ts";
import { PRESETS, type RunSettings } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import type { Choices } from "dlm/simple_dlm/choices.ts";
import { pooledMeanAtOneRate } from "dlm/simple_dlm/one_rate.ts";
import { initialSimpleDlm, SimpleDlm, withAllOutputs } from "dlm/simple_dlm/simple_dlm.ts";
import { train, type TrainMetrics, type TrainOptions } from "dlm/trainer.ts";

/** The learning rate of simple_dlm. */
const SMALL_RATE = 1e-4;

/** What decides a run: the settings of any other, such as a preset, and the choices. */
export interface SimpleDlmSettings extends Omit<RunSettings, "microBatch" | "causal" | "workers"> {
  choices: Choices;
}

/** A size and a budget at which choices can be compared: ten seconds a run on an idle core. */
export const SMALL_TOY = {
  ...PRESETS.laptop,
  layers: 2,
  width: 64,
  heads: 2, // where one head is undone
  context: 64,
  batch: 16,
  matrixLearningRate: 0.02,
  warmupSteps: 20,
  seconds: undefined,
  steps: 300,
  evaluateEvery: 75,
} as const satisfies Omit<SimpleDlmSettings, "choices" | "seed">;

/** A training run of {@linkcode SimpleDlm}, in this thread. */
export interface SimpleDlmRun extends Disposable {
  /** Trains to the end of the budget, one yield a step; see {@linkcode train}. What is
   * evaluated is always the validation split as it is, with all outputs of the model. */
  train(): AsyncGenerator<TrainMetrics>;
  /** The model as it now is, averaged unless Adam is alone; owned by the caller. */
  model(): Promise<SimpleDlm>;
}

/**
 * A new run of simple_dlm, with the choices of its settings. With all of them undone it takes
 * the steps of `startRun()`.
 *
 * With a budget in steps a run can be repeated, and compared with others; one in seconds
 * depends on the machine and on what else it does.
 *
 * @example
 * ```ts ignore
 * const settings = { ...PRESETS.laptop, choices: SIMPLE_DLM, seed: 1 };
 * using run = startSimpleDlm(await loadCorpus(), settings);
 * for await (const { step, loss } of run.train()) console.log(step, loss);
 * ```
 *
 * @throws {RangeError} if the settings make no sense, those of the budget when training starts
 */
export function startSimpleDlm(corpus: Corpus, settings: SimpleDlmSettings): SimpleDlmRun {
  const { vocabularySize } = corpus.tokenizer;
  const { layers, width, heads, context, choices, seed } = settings;
  const config = { vocabularySize, layers, width, heads, context, choices };
  const scale = choices.smallRate ? SMALL_RATE / settings.learningRate : 1;
  const options = {
    ...settings,
    corpus: choices.doubledNewlines ? withDoubledNewlines(corpus) : corpus,
    config: { ...config, causal: false },
    learningRate: scale * settings.learningRate,
    matrixLearningRate: scale * settings.matrixLearningRate,
    ...(choices.oneRate && { drawNoise: pooledMeanAtOneRate }),
  };
  const start = initialSimpleDlm(config, new Rng(seed).stream("initialisation"));
  using started = new DisposableStack();
  const model = started.use(new SimpleDlm(config, start));
  const updater = started.use(
    choices.bareAdam
      ? adamAlone(model.parameters, options.learningRate)
      : new Optimizer(model.parameters, ALONE, { muon: settings.muon }),
  );
  const owned = started.move();
  const learner = createLearner(model, updater);
  const average = async () => new SimpleDlm(config, await readAll(updater.state.average));
  return {
    train: () =>
      train({ ...options, learner, average: async () => withAllOutputs(await average()) }),
    model: average,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What changes the parameters: the library's optimizer, or Adam. */
interface Updater extends Disposable {
  readonly state: Pick<OptimizerState, "average">;
  /** @returns the norm of the gradient */
  step(gradients: Record<string, tf.Tensor>, step: Step): Promise<number>;
}

function createLearner(model: SimpleDlm, updater: Updater): TrainOptions["learner"] {
  return {
    async step(batch, step) {
      const { loss, gradients } = lossAndGradients(withAllOutputs(model), batch);
      try {
        const gradientNorm = await updater.step(gradients, step);
        const [value] = await loss.data();
        return { loss: value!, gradientNorm };
      } finally {
        tf.dispose([loss, gradients]);
      }
    },
  };
}

/** Adam as PyTorch has it by default, at one rate and with nothing around it. */
function adamAlone(parameters: NamedVariables, learningRate: number): Updater {
  const adam = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  return {
    state: { average: parameters },
    step(gradients) {
      const named = Object.entries(parameters).map(([name, parameter]) => {
        return { name: parameter.name, tensor: gradients[name]! };
      });
      adam.applyGradients(named);
      return Promise.resolve(NaN); // it asks for no norm
    },
    [Symbol.dispose]: () => adam.dispose(),
  };
}

/** The corpus with every line break of its training split twice, as whoever joins lines by line
 * breaks gets them that still end in one. What is validated stays as it is. */
export function withDoubledNewlines(corpus: Corpus): Corpus {
  const newline = corpus.tokenizer.characters.indexOf("\n");
  const breaks = corpus.train.reduce((count, id) => id === newline ? count + 1 : count, 0);
  const train = new Int32Array(corpus.train.length + breaks);
  let end = 0;
  for (const id of corpus.train) {
    train[end++] = id;
    if (id === newline) train[end++] = id;
  }
  return { ...corpus, train };
}
