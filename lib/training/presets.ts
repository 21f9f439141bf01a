import type { OptimizerOptions } from "dlm/optimizer/optimizer.ts";
import type { TrainingPlan } from "dlm/trainer.ts";

/** The hyperparameters of a training run. */
export interface Preset extends TrainingPlan {
  layers: number;
  width: number;
  heads: number;
  /** `T`, characters a sequence. */
  context: number;
  /** Sequences that go through the model at once; bounds the memory. */
  microBatch: number;
}

/** What decides a training run, besides its corpus. */
export interface RunSettings extends Preset, OptimizerOptions {
  /** Decides the first parameters, the windows drawn and the masks. */
  seed: number;
  /** Whether to train the autoregressive twin: the same model, but it sees only what stands
   * before a character, and learns to predict the next one.
   * @default {false}
   */
  causal?: boolean | undefined;
  /** How many Workers share each batch, of whose sequences each gets one at least; 0 trains in
   * this thread.
   * @default {the number of cores}
   */
  workers?: number | undefined;
}

/** Where to start from, by name. */
export const PRESETS = {
  /** Proves that everything works, in seconds; writes letter soup. */
  smoke: {
    layers: 2,
    width: 32, // the smallest that learns letter frequencies at once
    heads: 2,
    context: 32,
    batch: 16,
    microBatch: 16,
    learningRate: 4e-3,
    matrixLearningRate: 0.02, // Jordan et al.'s, at every width, since updates are scaled by shape
    warmupSteps: 5,
    steps: 60,
    evaluateEvery: 20,
    evaluationWindows: 32,
  },
  /** Ten minutes on two cores; writes words. */
  laptop: {
    layers: 4,
    width: 128,
    heads: 2, // 64 features a head: as good as four heads, and faster
    context: 128, // better than twice as many of 64, and what best reads
    batch: 16, // of as many characters it makes more than 32 does; every step pays for Muon, though
    microBatch: 16,
    learningRate: 4e-3,
    matrixLearningRate: 0.01,
    warmupSteps: 50,
    seconds: 600,
    evaluateEvery: 400,
    evaluationWindows: 128,
  },
  /** 7.6 million parameters, as many as simple_dlm's author took, for a night. */
  large: {
    layers: 6,
    width: 320,
    heads: 5, // 64 features a head, as in laptop
    context: 128,
    batch: 48,
    microBatch: 8, // keeps the activations of one pass far below 2 GB
    learningRate: 2e-3, // wider models want smaller steps
    matrixLearningRate: 0.01,
    warmupSteps: 100,
    seconds: 8 * 3600,
    evaluateEvery: 500,
    evaluationWindows: 128,
  },
} as const satisfies Record<string, Preset>;

/** The name of one of the {@linkcode PRESETS}. */
export type PresetName = keyof typeof PRESETS;
