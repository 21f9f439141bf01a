/**
 * The library's public face: what the notebooks and other programs need, in one import. It goes
 * from the ground up, as `lib/` is built; each name has its description where it is defined.
 *
 * @example
 * ```ts
 * import { cosine, Rng } from "dlm";
 * import assert from "node:assert/strict";
 *
 * const t = new Rng(1).uniform();
 * assert(cosine.alpha(t) > 0);
 * ```
 *
 * @module
 */

// The road
export * from "dlm/rng.ts";
export * from "dlm/tokenizer.ts";
export * from "dlm/corpus.ts";
export * from "dlm/schedule.ts";
export * from "dlm/masking.ts";
export { type Batch, type NoisyBatch, sequencesOf } from "dlm/batch.ts";
export * from "dlm/model.ts";
export {
  continuousTimeNoise,
  type ContinuousTimeOptions,
  type DrawNoise,
  exactCountNoise,
  type LossAndGradients,
  lossAndGradients,
  nextCharacterNoise,
  type NoiseOptions,
  noisyLoss,
  packMasks,
  rootCountNoise,
} from "dlm/objective.ts";
export * from "dlm/evaluation.ts";
export * from "dlm/sampler.ts";
export * from "dlm/trainer.ts";

// The pieces of a transformer, and the backend that they run on
export {
  BACKENDS,
  type KernelChoice,
  kernelsInUse,
  type KernelWish,
  tf,
  useBackend,
} from "dlm/backend/backend.ts";
export { installKernels, type KernelSet, workingKernels } from "dlm/backend/kernels/mod.ts";
export { type Interrupt, Interrupted, listenForInterrupt } from "dlm/backend/interrupt.ts";
export type { NamedArrays, NamedVariables } from "dlm/backend/variables.ts";
export { attention, attentionWeights, splitHeads } from "dlm/ops/attention.ts";
export { crossEntropy, surprisals } from "dlm/ops/cross_entropy.ts";
export { embed, embedNeighbours } from "dlm/ops/embed.ts";
export { reluSquared } from "dlm/ops/relu_squared.ts";
export { rmsNorm } from "dlm/ops/rms_norm.ts";
export { rotary, rotaryTurns } from "dlm/ops/rotary.ts";

// Learning, in this thread or in Workers
export { adamWDirection } from "dlm/optimizer/adamw.ts";
export { muonDirections, orthogonalize } from "dlm/optimizer/muon.ts";
export {
  learningRateAt,
  Optimizer,
  type OptimizerOptions,
  type Step,
} from "dlm/optimizer/optimizer.ts";
export { singularValues } from "dlm/optimizer/singular_values.ts";
export * from "dlm/crew/crew.ts";
export {
  createLearner,
  type Learner,
  type LearnerOptions,
  type LearnerState,
  type StepResult,
} from "dlm/crew/learner.ts";
export { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
export { type Measured, measureSpeed, type Workload } from "dlm/training/backend_speed.ts";
export * from "dlm/training/presets.ts";
export { type FinishedModel, resumeRun, type Run, startRun } from "dlm/training/run.ts";
export * from "dlm/training/checkpoint.ts";
export * from "dlm/training/checkpoint_format.ts";
export * from "dlm/training/samples.ts";
export * from "dlm/training/split_shift.ts";

// Ways to sample
export { ancestral, type SteppedOptions } from "dlm/sampling/ancestral.ts";
export type { Canvas, Guess, Sampler } from "dlm/sampling/canvas.ts";
export * from "dlm/sampling/confidence_threshold.ts";
export { drawingWeights, type DrawOptions } from "dlm/sampling/draw.ts";
export * from "dlm/sampling/first_hitting.ts";
export * from "dlm/sampling/in_blocks.ts";
export * from "dlm/sampling/low_confidence.ts";
export { randomOrder } from "dlm/sampling/random_order.ts";
export * from "dlm/sampling/remasking.ts";
export * from "dlm/sampling/samplers.ts";
export * from "dlm/sampling/templates.ts";

// Known languages, measures, and the famous toy
export * from "dlm/languages/enumeration.ts";
export * from "dlm/languages/known_languages.ts";
export * from "dlm/measures/attention_maps.ts";
export * from "dlm/measures/baselines.ts";
export * from "dlm/measures/calibration.ts";
export * from "dlm/measures/frontier.ts";
export * from "dlm/measures/infill.ts";
export * from "dlm/measures/likelihood.ts";
export * from "dlm/measures/ngram.ts";
export * from "dlm/measures/noise_levels.ts";
export * from "dlm/measures/novelty.ts";
export * from "dlm/measures/quality.ts";
export * from "dlm/measures/surprisal_map.ts";
export * from "dlm/simple_dlm/choices.ts";
export * from "dlm/simple_dlm/one_rate.ts";
export * from "dlm/simple_dlm/run.ts";
export * from "dlm/simple_dlm/simple_dlm.ts";

// Files for elsewhere
export * from "dlm/files/safetensors.ts";
export * from "dlm/export/mean_model.ts";
export * from "dlm/export/onnx.ts";
export * from "dlm/export/onnx_session.ts";
export * from "dlm/export/quantisation.ts";
export * from "dlm/export/web_page.ts";

// The course
export { checkAnswer } from "dlm/course/check_answer.ts";
export * from "dlm/course/choose_text.ts";
export * from "dlm/course/models/compare_choices.ts";
export * from "dlm/course/gradient_check.ts";
export * from "dlm/course/one_to.ts";
export * from "dlm/course/own_network.ts";
export * from "dlm/course/provenance.ts";
export * from "dlm/course/random_matrix.ts";
export * from "dlm/course/respell.ts";
export * from "dlm/course/models/run_table.ts";
export * from "dlm/course/steps_for.ts";
export * from "dlm/course/models/trained_model.ts";
export * from "dlm/course/models/untrained_model.ts";
export * from "dlm/display/charts/bars.ts";
export * from "dlm/display/charts/file_map.ts";
export * from "dlm/display/charts/frontier.ts";
export * from "dlm/display/charts/heat_map.ts";
export * from "dlm/display/charts/ladder.ts";
export * from "dlm/display/charts/lines.ts";
export * from "dlm/display/charts/reliability.ts";
export * from "dlm/display/charts/spreads.ts";
export * from "dlm/display/frames/animation.ts";
export * from "dlm/display/frames/filmstrip.ts";
export * from "dlm/display/frames/gif.ts";
export * from "dlm/display/frames/masked_rows.ts";
export * from "dlm/display/frames/masked_text.ts";
export * from "dlm/display/frames/player.ts";
export * from "dlm/display/frames/reveal_order.ts";
export * from "dlm/display/frames/show_sampling.ts";
export { glyphOf } from "dlm/display/glyphs.ts";
export * from "dlm/display/panel.ts";
export * from "dlm/display/picture.ts";
export { plot } from "dlm/display/plot.ts";
export * from "dlm/display/table.ts";
