import {
  assignAll,
  lossWithGradients,
  type NamedVariables,
  readAll,
} from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { Rng } from "dlm/rng.ts";

/** The slope of a loss in one parameter, found in two ways. */
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
 * Compares the gradient of a loss with central differences, in some numbers of each matrix that it
 * depends on. An untrained model is no good for it: as long as its head is zero, most of the slopes
 * are too.
 *
 * @param loss a scalar, computed anew from `parameters` at each call
 * @param parameters moved to and fro, and in the end what they were
 * @throws {RangeError} if the step is not positive
 * @throws {Interrupted} on Stop
 */
export async function gradientCheck(
  loss: () => tf.Scalar,
  parameters: NamedVariables,
  options: GradientCheckOptions = {},
): Promise<CheckedSlope[]> {
  const { step = 0.01, each = 8, seed = 0 } = options;
  if (!(step > 0 && step < Infinity)) {
    throw new RangeError(
      `A step of ${step} moves no parameter up and down: give a positive number, such as 0.01.`,
    );
  }
  using interrupt = listenForInterrupt();
  const gradients = await gradientsOf(loss, parameters);
  const values = await readAll(parameters);
  const lossWith = async (name: string, index: number, change: number) => {
    const moved = values[name]!.with(index, values[name]![index]! + change);
    assignAll({ [name]: parameters[name]! }, { [name]: moved });
    return await read(tf.tidy(loss));
  };
  const slopes: CheckedSlope[] = [];
  try {
    for (const [name, gradient] of Object.entries(gradients)) {
      const count = Math.min(each, gradient.length);
      for (const index of new Rng(seed).stream(name).permutation(gradient.length, count)) {
        const above = await lossWith(name, index, step);
        const below = await lossWith(name, index, -step);
        const difference = (above - below) / (2 * step);
        slopes.push({ name, index, gradient: gradient[index]!, difference });
        await interrupt.check(`after ${slopes.length} slopes`);
      }
      assignAll({ [name]: parameters[name]! }, values);
    }
  } finally {
    assignAll(parameters, values);
  }
  return slopes;
}

/** The gradient by the chain rule, by name; zeros where the loss does not depend on a matrix. */
async function gradientsOf(loss: () => tf.Scalar, parameters: NamedVariables) {
  const { value, grads } = lossWithGradients(loss, Object.values(parameters));
  value.dispose();
  const gradients: Record<string, Float32Array> = {};
  for (const [name, variable] of Object.entries(parameters)) {
    // tfjs names the gradients after its own numbering of the variables.
    const gradient = await grads[variable.name]?.data() as Float32Array | undefined;
    gradients[name] = gradient ?? new Float32Array(variable.size);
  }
  tf.dispose(grads);
  return gradients;
}

async function read(scalar: tf.Scalar): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value!;
}
