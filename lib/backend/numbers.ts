import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { tf } from "dlm/backend/backend.ts";

/**
 * The numbers of a tensor where the backend keeps them, to read or to set before the next op runs:
 * copies of the size of a model, made at every step, would keep the system busy with memory.
 *
 * @param tensor float32, on wasm or cpu; whatever shares its numbers with it changes too
 */
export function numbersOf(tensor: tf.Tensor): Float32Array {
  const backend = tf.backend();
  return backend instanceof BackendWasm
    ? backend.typedArrayFromHeap(tensor) as Float32Array
    : tensor.dataSync<"float32">() as Float32Array;
}

/** Whether a tensor shares its numbers with no other, as it does with its clones. */
export function hasOwnNumbers(tensor: tf.Tensor): boolean {
  return (tf.backend() as tf.KernelBackend).refCount(tensor.dataId) === 1;
}

/** Gives a variable numbers of its own, to be changed in place, if it shares them with others. */
export function ownNumbers(variable: tf.Variable): void {
  if (hasOwnNumbers(variable)) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}
