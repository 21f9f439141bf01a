import { mix } from "dlm/ops/weighted_sum.ts";
import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";
import type { Stride } from "dlm/optimizer/stride.ts";

/** How slowly the mean of the gradients forgets. */
const BETA1 = 0.9;
/** How slowly the mean of their squares forgets: in 20 steps, not Adam's usual 1000, since a
 * run may have no more than a thousand. */
const BETA2 = 0.95;
/** Keeps the direction finite where gradients vanish. */
const EPSILON = 1e-8;

/** What AdamW keeps of one parameter, both of its shape. */
interface AdamWMemory {
  /** The running mean of its gradient. */
  mean: tf.Variable;
  /** The running mean of its gradient's square. */
  meanSquare: tf.Variable;
}

/**
 * Where AdamW would move a parameter, apart from its weight decay: the mean gradient of each
 * number in units of that number's usual gradient (Kingma and Ba, 2015, algorithm 1).
 *
 * @param step from 1 on, to correct the means for having started at zero
 * @returns the direction uphill, with entries about ±1 at the most; owned by the caller
 */
export function adamWDirection(
  { mean, meanSquare }: AdamWMemory,
  gradient: tf.Tensor,
  step: number,
): tf.Tensor {
  return tf.tidy(() => {
    mean.assign(mix(mean, gradient, BETA1));
    meanSquare.assign(mix(meanSquare, tf.square(gradient), BETA2));
    const usual = tf.sqrt(tf.div(meanSquare, 1 - BETA2 ** step));
    return tf.div(tf.div(mean, 1 - BETA1 ** step), tf.add(usual, EPSILON));
  });
}

/** A parameter of AdamW's with all that is kept of it. */
interface AdamWParameter extends AdamWMemory {
  parameter: tf.Variable;
  average: tf.Variable;
}

/**
 * The step along {@linkcode adamWDirection}, where the backend has a kernel that takes it in one
 * pass through the numbers: in place, so they have to be the variables' own.
 *
 * @param gradient not yet clipped
 */
export function adamWStep(
  { parameter, mean, meanSquare, average }: AdamWParameter,
  gradient: tf.Tensor,
  { step, scale, shrink, rate, keep }: Stride & { step: number },
): void {
  const means = [BETA1, BETA2].map((beta) => [beta, 1 - beta ** step]);
  const attributes = { scale, means, epsilon: EPSILON, shrink, rate, keep };
  fused("AdamW", { parameter, mean, meanSquare, average, gradient }, attributes);
}
