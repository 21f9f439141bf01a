import { lossWithGradients, type NamedVariables } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { type Batch, type NoisyBatch, packBatch, type Reading } from "dlm/batch.ts";
import { maskExactly, maskIndependently } from "dlm/masking.ts";
import type { Denoiser } from "dlm/model.ts";
import { crossEntropy } from "dlm/ops/cross_entropy.ts";
import type { Rng } from "dlm/rng.ts";
import {
  type DrawTimes,
  linear,
  lossWeight,
  type Schedule,
  sharedOffsetTimes,
} from "dlm/schedule.ts";

/** Options for a {@linkcode DrawNoise}. */
export interface NoiseOptions {
  /** The id of the mask token. */
  maskId: number;
  rng: Rng;
  /** How many noisy sequences the batch has at the most, for noise that makes more than one of
   * each sequence; all of them, if left out. */
  size?: number;
}

/**
 * A way to draw the noise of a batch, with weights that make up a loss in nats per character.
 * Every objective is such a way; the model and the optimizer see no difference.
 */
export interface DrawNoise {
  (sequences: readonly Int32Array[], options: NoiseOptions): NoisyBatch;
  /** How many noisy sequences it makes of each.
   * @default {1}
   */
  readonly readings?: number;
}

/**
 * Noise whose loss is the exact-count form of the masked-diffusion NELBO: draw `k`
 * uniformly from `1..T`, mask exactly `k` characters, and let each count `T / k`, for a mean over
 * all characters of the batch. In expectation this is the continuous-time bound, without its
 * singular weight at `t = 0` (Hoogeboom et al., 2022, ARDM, section 3; Ou et al., 2024,
 * RADD, theorem 2).
 *
 * One random offset, shared by the batch, spreads the counts evenly over `1..T` (see
 * {@linkcode sharedOffsetTimes}); each count alone is still uniform.
 */
export function exactCountNoise(
  sequences: readonly Int32Array[],
  { maskId, rng }: NoiseOptions,
): NoisyBatch {
  const times = sharedOffsetTimes(sequences.length, rng);
  const readings = sequences.map((clean, b) => {
    const count = 1 + Math.floor(times[b]! * clean.length);
    const noisy = maskExactly(clean, { maskId, count, rng });
    return { clean, noisy, weight: clean.length / count };
  });
  return packMasks(readings, { maskId, total: charactersOf(sequences) });
}

/**
 * Noise to learn from, which no bound is, but the same questions more evenly put. Each sequence
 * is read twice: `k` of its characters, with `k` uniform on `0..T`, are masked in one reading
 * and shown in the other, so that every character is asked for exactly once. Each of `k` masks
 * counts in proportion to `1 / √k`, where the bound has `1 / k`, and all weights of the batch add
 * up to 1, if anything is masked in it: a mean over few characters scatters more, and so does its gradient, so it counts for
 * less.
 */
export function rootCountNoise(
  sequences: readonly Int32Array[],
  { maskId, rng, size = 2 * sequences.length }: NoiseOptions,
): NoisyBatch {
  const times = sharedOffsetTimes(sequences.length, rng);
  const readings = sequences.flatMap((clean, b) => {
    const count = Math.floor(times[b]! * (clean.length + 1));
    const noisy = maskExactly(clean, { maskId, count, rng });
    const rest = clean.map((id, i) => noisy[i] === maskId ? id : maskId);
    return [{ clean, noisy, count }, { clean, noisy: rest, count: clean.length - count }];
  }).slice(0, size); // the last sequence of an odd batch is read once
  const total = readings.reduce((sum, { count }) => sum + Math.sqrt(count), 0);
  const weighed = readings.map((reading) => ({ ...reading, weight: 1 / Math.sqrt(reading.count) }));
  return packMasks(weighed, { maskId, total });
}
rootCountNoise.readings = 2;

/** Options for {@linkcode continuousTimeNoise}. */
export interface ContinuousTimeOptions extends NoiseOptions {
  /** How fast characters disappear.
   * @default {linear}
   */
  schedule?: Schedule;
  /** How the times of the sequences are drawn.
   * @default {sharedOffsetTimes}
   */
  times?: DrawTimes;
}

/**
 * Noise whose loss is the continuous-time form of the same bound: draw a time `t`, mask
 * each character with probability `1 - alpha_t`, and let each mask count
 * `-alpha'_t / (1 - alpha_t) / T` (Sahoo et al., 2024, MDLM, equation 10; Shi et al., 2024,
 * MD4, equation 5).
 *
 * A draw may mask nothing. It counts as a loss of zero, and it does count: to leave it out
 * or to draw again would be to raise the expectation.
 *
 * As `t` goes to 0 the weight grows without bound, while masks become as rare as it is
 * large. The mean of the loss is finite. The mean of its square goes with
 * `∫ alpha'_t² / (1 - alpha_t) dt`, which is infinite for any schedule that leaves 1 with a
 * slope, the linear and the cosine among them: now and then one draw outweighs many, and
 * averages settle a little more slowly than `1 / √n`. Small times are not cut off against
 * that here, since it would be a bias; {@linkcode exactCountNoise} has neither trouble.
 */
export function continuousTimeNoise(
  sequences: readonly Int32Array[],
  options: ContinuousTimeOptions,
): NoisyBatch {
  const { maskId, rng, schedule = linear, times: drawTimes = sharedOffsetTimes } = options;
  const times = drawTimes(sequences.length, rng);
  const readings = sequences.map((clean, b) => {
    const t = times[b]!;
    const noisy = maskIndependently(clean, { maskId, alpha: schedule.alpha(t), rng });
    return { clean, noisy, weight: lossWeight(schedule, t) };
  });
  return packMasks(readings, { maskId, total: charactersOf(sequences) });
}

/**
 * No noise but the question put to a causal model: each character, from those before it.
 * The characters stand one place later than they were, behind a mask that says no more than
 * "here the text begins". The loss is the negative log-likelihood itself, by the chain rule,
 * and nothing about it is random.
 */
export function nextCharacterNoise(
  sequences: readonly Int32Array[],
  { maskId }: Pick<NoiseOptions, "maskId">,
): NoisyBatch {
  const readings = sequences.map((clean) => {
    return { clean, noisy: Int32Array.of(maskId, ...clean.subarray(0, -1)), weight: 1 };
  });
  return packBatch(readings, { total: charactersOf(sequences), asks: () => true });
}

/** Packs readings that are asked for what is behind their masks. */
export function packMasks(
  readings: readonly Reading[],
  { maskId, total }: { maskId: number; total: number },
): NoisyBatch {
  return packBatch(readings, { total, asks: (id) => id === maskId });
}

function charactersOf(sequences: readonly Int32Array[]): number {
  return sequences.reduce((sum, { length }) => sum + length, 0);
}

/**
 * What a denoiser expects in the places that a batch asks for.
 *
 * @param batch whose sequences have one length
 * @returns logits, `[N, V]`, owned by the caller
 * @throws {RangeError} if it has an id that the denoiser does not know
 */
export function batchLogits(denoiser: Denoiser, batch: Batch): tf.Tensor2D {
  checkIds(batch, denoiser.vocabularySize);
  const { tokens, lengths, rows } = batch;
  const shape: [number, number] = [lengths.length, lengths[0]!];
  return tf.tidy(() =>
    denoiser.logits(tf.tensor2d(tokens, shape, "int32"), tf.tensor1d(rows, "int32"))
  );
}

/**
 * Refuses what is neither a character nor a mask: kernels would read the row of another id, or find
 * no surprisal at all.
 *
 * @throws {RangeError} that names the id
 */
export function checkIds(
  { tokens, targets }: Pick<Batch, "tokens"> & Partial<Pick<NoisyBatch, "targets">>,
  maskId: number,
): void {
  const stranger = tokens.find((id) => !(id >= 0 && id <= maskId)) ??
    targets?.find((id) => !(id >= 0 && id < maskId));
  if (stranger === undefined) return;
  throw new RangeError(
    `The text has the id ${stranger}, and the model knows 0 to ${maskId - 1}: ` +
      "encode the text with the model's own tokenizer.",
  );
}

/**
 * The loss of a batch, `Σ weight · -log p(clean | noisy)` in nats.
 *
 * @param batch whose sequences have one length
 * @returns a scalar owned by the caller
 */
export function noisyLoss(denoiser: Denoiser, batch: NoisyBatch): tf.Scalar {
  // Where nothing is masked, the ops still want something to work on.
  const { rows, targets, weights } = batch.rows.length > 0 ? batch : NOTHING_ASKED;
  return tf.tidy(() =>
    crossEntropy(batchLogits(denoiser, { ...batch, rows }), {
      targets: tf.tensor1d(targets, "int32"), // [N]
      weights: tf.tensor1d(weights), // [N]
    })
  );
}

const NOTHING_ASKED = {
  rows: Int32Array.of(0),
  targets: Int32Array.of(0),
  weights: Float32Array.of(0),
};

/** A loss and its gradient, owned by the caller. */
export interface LossAndGradients {
  /** In nats, a scalar. */
  loss: tf.Scalar;
  /** d loss / d parameter, by parameter. */
  gradients: Record<string, tf.Tensor>;
}

/** The gradient of {@linkcode noisyLoss} with respect to every parameter. */
export function lossAndGradients(
  model: Denoiser & { readonly parameters: NamedVariables },
  batch: NoisyBatch,
): LossAndGradients {
  const names = Object.keys(model.parameters);
  const variables = Object.values(model.parameters);
  const { value, grads } = lossWithGradients(() => noisyLoss(model, batch), variables);
  // tfjs names the gradients after its own numbering of the variables.
  const gradients = names.map((name, i) => [name, grads[variables[i]!.name]!]);
  return { loss: value, gradients: Object.fromEntries(gradients) };
}
