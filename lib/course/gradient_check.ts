import type { NamedArrays } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import type { NoisyBatch } from "dlm/batch.ts";
import { Transformer } from "dlm/model.ts";
import { lossAndGradients, noisyLoss } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** The slope of the loss in one parameter, found in two ways. */
export interface CheckedSlope {
  /** The matrix, such as `blocks.0.mlp.up`. */
  name: string;
  /** Which of its numbers, counted row by row. */
  index: number;
  /** By the chain rule, as training uses it. */
  gradient: number;
  /** By moving the number up and down a little: `(L(x + h) - L(x - h)) / 2h`. */
  difference: number;
}

/** Options for {@linkcode gradientCheck}. */
export interface GradientCheckOptions {
  /** `h`. Below some thousandths the roundings of float32 drown the difference.
   * @default {0.01}
   */
  step?: number;
  /** How many numbers of each matrix to check, drawn at random.
   * @default {8}
   */
  each?: number;
  /** Decides which.
   * @default {0}
   */
  seed?: number;
}

/**
 * Compares the gradient of `noisyLoss()` with central differences, in some numbers of each
 * of a model's matrices. An untrained model is no good for it: as long as its head is zero,
 * most of the slopes are too.
 *
 * @throws {RangeError} if the step is not positive
 */
export async function gradientCheck(
  model: Transformer,
  batch: NoisyBatch,
  options: GradientCheckOptions = {},
): Promise<CheckedSlope[]> {
  const { step = 0.01, each = 8, seed = 0 } = options;
  if (!(step > 0 && step < Infinity)) {
    throw new RangeError(
      `A step of ${step} moves no parameter up and down: give a positive number, such as 0.01.`,
    );
  }
  const values: NamedArrays = {};
  for (const [name, variable] of Object.entries(model.parameters)) {
    values[name] = await variable.data() as Float32Array;
  }
  const lossWith = async (name: string, index: number, change: number) => {
    const moved = values[name]!.with(index, values[name]![index]! + change);
    using nearby = new Transformer(model.config, { ...values, [name]: moved });
    return await read(noisyLoss(nearby, batch));
  };
  const { loss, gradients } = lossAndGradients(model, batch);
  loss.dispose();
  using interrupt = listenForInterrupt();
  const slopes: CheckedSlope[] = [];
  for (const [name, tensor] of Object.entries(gradients)) {
    const gradient = await tensor.data();
    const count = Math.min(each, gradient.length);
    for (const index of new Rng(seed).stream(name).permutation(gradient.length, count)) {
      const above = await lossWith(name, index, step);
      const below = await lossWith(name, index, -step);
      const difference = (above - below) / (2 * step);
      slopes.push({ name, index, gradient: gradient[index]!, difference });
      await interrupt.check(`after ${slopes.length} slopes`);
    }
  }
  tf.dispose(gradients);
  return slopes;
}

async function read(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}
