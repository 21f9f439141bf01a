import { tf } from "dlm/backend/backend.ts";

/** Numbers by parameter name, each in row-major order. */
export type NamedArrays = Record<string, Float32Array>;

/** Variables by parameter name. */
export type NamedVariables = Record<string, tf.Variable>;

/** Variables of some shapes with the numbers of the same names, which are copied; if there is no
 * room for all of them, there are none. */
export function createVariables(
  shapes: Record<string, [rows: number, columns: number]>,
  arrays: NamedArrays,
): NamedVariables {
  using stack = new DisposableStack();
  const variables: NamedVariables = {};
  for (const [name, shape] of Object.entries(shapes)) {
    // Unnamed, because tfjs refuses a name that an earlier model already used; and its backend
    // cpu would go on using the numbers that it is given.
    const create = () => tf.variable(tf.tensor2d(arrays[name]!.slice(), shape));
    variables[name] = stack.adopt(tf.tidy(create), (variable) => variable.dispose());
  }
  stack.move();
  return variables;
}

/** Sets variables to the numbers of the same names. */
export function assignAll(variables: NamedVariables, arrays: NamedArrays): void {
  for (const [name, variable] of Object.entries(variables)) {
    // The backend cpu would go on using the numbers that it is given.
    tf.tidy(() => variable.assign(tf.tensor(arrays[name]!.slice(), variable.shape)));
  }
}

/** The numbers of variables, copied. */
export async function readAll(variables: NamedVariables): Promise<NamedArrays> {
  const arrays: NamedArrays = {};
  for (const [name, variable] of Object.entries(variables)) {
    arrays[name] = Float32Array.from(await variable.data());
  }
  return arrays;
}

/**
 * A loss and its gradient, as tfjs finds them; but if the loss cannot be computed, what it had kept
 * for the way back is freed, which tfjs forgets.
 *
 * @returns both owned by the caller; the gradients by tfjs's own names of the variables
 */
export function lossWithGradients(loss: () => tf.Scalar, variables: tf.Variable[]) {
  try {
    return tf.variableGrads(loss, variables);
  } catch (error) {
    const { state } = tf.engine();
    for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
    state.activeTape = [];
    throw error;
  }
}
