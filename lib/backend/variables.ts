import { tf } from "dlm/backend/backend.ts";

/** Numbers by parameter name, each in row-major order. */
export type NamedArrays = Record<string, Float32Array>;

/** Variables by parameter name. */
export type NamedVariables = Record<string, tf.Variable>;

/** Sets variables to the numbers of the same names. */
export function assignAll(variables: NamedVariables, arrays: NamedArrays): void {
  for (const [name, variable] of Object.entries(variables)) {
    tf.tidy(() => variable.assign(tf.tensor(arrays[name]!, variable.shape)));
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
