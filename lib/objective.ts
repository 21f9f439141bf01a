import type { NamedVariables } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { maskExactly, maskIndependently } from "dlm/masking.ts";
import type { Denoiser } from "dlm/model.ts";
import { crossEntropy, surprisals } from "dlm/ops/cross_entropy.ts";
import type { Rng } from "dlm/rng.ts";
import {
  type DrawTimes,
  linear,
  lossWeight,
  type Schedule,
  sharedOffsetTimes,
} from "dlm/schedule.ts";

/**
 * A sequence, what the noise made of it, and what to ask of the model: the loss is
 * `Σ weight · -log p(clean | noisy)`. Every objective is a way to draw the noise and to
 * choose the weights; the model and the optimizer see no difference.
 */
export interface NoisySequence {
  /** `x_0`, `T` token ids. */
  readonly clean: Int32Array;
  /** `x_t`, the same with masks. */
  readonly noisy: Int32Array;
  /** `[T]`, how much each character's cross-entropy counts; zero where nothing is asked. */
  readonly weights: Float32Array;
}

/** Options for a {@linkcode DrawNoise}. */
export interface NoiseOptions {
  /** The id of the mask token. */
  maskId: number;
  rng: Rng;
}

/**
 * A way to draw the noise of a batch, with weights that make up a loss in nats per
 * character, averaged over the sequences.
 */
export interface DrawNoise {
  (sequences: readonly Int32Array[], options: NoiseOptions): NoisySequence[];
  /** How many noisy sequences it makes of each.
   * @default {1}
   */
  readonly readings?: number;
}

/**
 * Noise whose loss is the exact-count form of the masked-diffusion NELBO: draw `k`
 * uniformly from `1..T`, mask exactly `k` characters, and let each count
 * `(T / k) / T = 1 / k`. In expectation this is the continuous-time bound, without its
 * singular weight at `t = 0` (Hoogeboom et al., 2022, ARDM, equation 5; Ou et al., 2024,
 * RADD, theorem 2).
 *
 * One random offset, shared by the batch, spreads the counts evenly over `1..T` (see
 * {@linkcode sharedOffsetTimes}); each count alone is still uniform.
 */
export function exactCountNoise(
  sequences: readonly Int32Array[],
  { maskId, rng }: NoiseOptions,
): NoisySequence[] {
  const times = sharedOffsetTimes(sequences.length, rng);
  return sequences.map((clean, b) => {
    const count = 1 + Math.floor(times[b]! * clean.length);
    const noisy = maskExactly(clean, { maskId, count, rng });
    const weight = 1 / count / sequences.length;
    return { clean, noisy, weights: weighMasks(noisy, maskId, weight) };
  });
}

/**
 * Noise to learn from, which no bound is, but the same questions more evenly put. Each sequence
 * is read twice: `k` of its characters, with `k` uniform on `0..T`, are masked in one reading
 * and shown in the other, so that every character is asked for exactly once. Each of `k` masks
 * counts in proportion to `1 / √k`, where the bound has `1 / k`, and all weights add up to 1: a
 * mean over few characters scatters more, and so does its gradient, so it counts for less.
 *
 * @returns two for each of `sequences`
 */
export function rootCountNoise(
  sequences: readonly Int32Array[],
  { maskId, rng }: NoiseOptions,
): NoisySequence[] {
  const times = sharedOffsetTimes(sequences.length, rng);
  const readings = sequences.flatMap((clean, b) => {
    const count = Math.floor(times[b]! * (clean.length + 1));
    const noisy = maskExactly(clean, { maskId, count, rng });
    const rest = clean.map((id, i) => noisy[i] === maskId ? id : maskId);
    return [{ clean, noisy, count }, { clean, noisy: rest, count: clean.length - count }];
  });
  const total = readings.reduce((sum, { count }) => sum + Math.sqrt(count), 0);
  return readings.map(({ clean, noisy, count }) => {
    return { clean, noisy, weights: weighMasks(noisy, maskId, 1 / Math.sqrt(count) / total) };
  });
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
): NoisySequence[] {
  const { maskId, rng, schedule = linear, times: drawTimes = sharedOffsetTimes } = options;
  const times = drawTimes(sequences.length, rng);
  return sequences.map((clean, b) => {
    const t = times[b]!;
    const noisy = maskIndependently(clean, { maskId, alpha: schedule.alpha(t), rng });
    const weight = lossWeight(schedule, t) / clean.length / sequences.length;
    return { clean, noisy, weights: weighMasks(noisy, maskId, weight) };
  });
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
): NoisySequence[] {
  return sequences.map((clean) => {
    const noisy = Int32Array.of(maskId, ...clean.subarray(0, -1));
    const weight = 1 / clean.length / sequences.length;
    return { clean, noisy, weights: new Float32Array(clean.length).fill(weight) };
  });
}

/** `weight` for each mask, zero for what shows. */
function weighMasks(noisy: Int32Array, maskId: number, weight: number): Float32Array {
  return Float32Array.from(noisy, (id) => id === maskId ? weight : 0);
}

/**
 * The loss of some sequences of one length, `Σ weight · -log p(clean | noisy)` in nats.
 *
 * @returns a scalar owned by the caller
 */
export function noisyLoss(
  denoiser: Denoiser,
  sequences: readonly NoisySequence[],
): tf.Scalar {
  return tf.tidy(() => {
    const { tokens, rows, targets, weights } = pack(sequences);
    return crossEntropy(denoiser.logits(tokens, rows), { targets, weights });
  });
}

/**
 * `weight · -log p(clean | noisy)` of each character, in nats: what it adds to the loss.
 *
 * @returns `[B]` arrays of `T` doubles, zero where the weight is
 */
export async function noisySurprisals(
  denoiser: Denoiser,
  sequences: readonly NoisySequence[],
): Promise<Float64Array[]> {
  const nats = tf.tidy(() => {
    const { tokens, rows, targets } = pack(sequences);
    return surprisals(denoiser.logits(tokens, rows), targets); // [N]
  });
  const values = await nats.data();
  nats.dispose();
  let next = 0;
  return sequences.map(({ weights }) =>
    Float64Array.from(weights, (weight) => weight === 0 ? 0 : weight * values[next++]!)
  );
}

/**
 * The loss of each sequence by itself, in nats, for an evaluation that wants their spread.
 *
 * @returns `[B]` doubles
 */
export async function noisyLosses(
  denoiser: Denoiser,
  sequences: readonly NoisySequence[],
): Promise<Float64Array> {
  const parts = await noisySurprisals(denoiser, sequences);
  return Float64Array.from(parts, (part) => part.reduce((sum, nats) => sum + nats, 0));
}

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
  sequences: readonly NoisySequence[],
): LossAndGradients {
  const names = Object.keys(model.parameters);
  const variables = Object.values(model.parameters);
  const { value, grads } = tf.variableGrads(
    () => noisyLoss(model, sequences),
    variables,
  );
  // tfjs names the gradients after its own numbering of the variables.
  const gradients = names.map((name, i) => [name, grads[variables[i]!.name]!]);
  return { loss: value, gradients: Object.fromEntries(gradients) };
}

/** Sequences of one length as tensors; only the places that count are asked for and compared. */
function pack(sequences: readonly NoisySequence[]) {
  const length = sequences[0]!.noisy.length;
  const tokens = new Int32Array(sequences.length * length);
  const rows: number[] = [];
  const targets: number[] = [];
  const weights: number[] = [];
  sequences.forEach((sequence, b) => {
    tokens.set(sequence.noisy, b * length);
    sequence.weights.forEach((weight, i) => {
      if (weight === 0) return;
      rows.push(b * length + i);
      targets.push(sequence.clean[i]!);
      weights.push(weight);
    });
  });
  if (rows.length === 0) { // all shows, but the ops want something to work on
    rows.push(0);
    targets.push(sequences[0]!.clean[0]!);
    weights.push(0);
  }
  return {
    tokens: tf.tensor2d(tokens, [sequences.length, length], "int32"), // [B, T]
    rows: tf.tensor1d(rows, "int32"), // [N]
    targets: tf.tensor1d(targets, "int32"), // [N]
    weights: tf.tensor1d(weights), // [N]
  };
}
