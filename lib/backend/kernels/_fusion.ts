import * as tf from "@tensorflow/tfjs";
import { type KernelInstance, wasmKernel } from "./_instance.ts";

/** A kernel that does the work of many, and a second one for its gradient. */
interface Fusion {
  kernels: tf.KernelConfig[];
  gradient: tf.GradConfig;
}

/** What {@linkcode fusion} is made of; `Inputs` and `Saved` are names. */
interface FusionParts<Inputs extends string, Saved extends string, Attributes extends object> {
  /** The kernel's name; the gradient's is this with `Gradient` behind it. */
  name: string;
  /** Computes the output. */
  run(
    instance: KernelInstance,
    inputs: Record<Inputs, tf.TensorInfo>,
    attributes: Attributes,
  ): tf.TensorInfo;
  /** The input with respect to which there is a gradient; the others are constants. */
  variable: Inputs;
  /** What of the inputs and the `output` the gradient wants besides `dy`. */
  saved: Saved[];
  /** Computes the gradient with respect to the variable from the one with respect to the output. */
  differentiate(
    instance: KernelInstance,
    saved: Record<Saved | "dy", tf.TensorInfo>,
    attributes: Attributes,
  ): tf.TensorInfo;
}

/** Makes a fusion known to tfjs by two kernels and the rule that joins them. */
export function fusion<
  Inputs extends string,
  Saved extends Inputs | "output",
  Attributes extends object = object,
>(parts: FusionParts<Inputs, Saved, Attributes>): Fusion {
  const { name, variable } = parts;
  const inputs = parts.saved.filter((saved) => saved !== "output");
  const saved = [...inputs, "output"]; // in the order in which tfjs hands them back
  return {
    kernels: [wasmKernel(name, parts.run), wasmKernel(`${name}Gradient`, parts.differentiate)],
    gradient: {
      kernelName: name,
      inputsToSave: inputs,
      outputsToSave: [inputs.length < parts.saved.length],
      gradFunc: (dy, tensors, attributes) => ({
        [variable]: () => {
          const named = Object.fromEntries(tensors.map((tensor, i) => [saved[i]!, tensor]));
          const all = { ...named, dy: dy as tf.Tensor };
          return tf.engine().runKernel(`${name}Gradient`, all, attributes);
        },
      }),
    },
  };
}
