import { tf } from "dlm/backend/backend.ts";

/**
 * The result of the kernel that does a whole op in one go, or nothing where the current
 * backend has none of that name.
 */
export function fused<Result>(
  kernel: string,
  inputs: Record<string, tf.Tensor> | readonly tf.Tensor[],
  attributes = {},
): Result | undefined {
  if (!hasKernel(kernel)) return undefined;
  return tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attributes) as Result;
}

/** Whether the current backend has a kernel of that name. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}
