import { type TensorInfo, util } from "@tensorflow/tfjs";
import { wasmKernel } from "../_instance.ts";

/** The gradient is only read; the others change. */
type Inputs = Record<"parameter" | "mean" | "meanSquare" | "average" | "gradient", TensorInfo>;

interface Attributes {
  /** What the gradient is clipped by. */
  scale: number;
  /** Of the mean of the gradient, and of that of its square: how much of it stays, and what it is
   * divided by for having started at zero. */
  means: readonly [beta: number, correction: number][];
  epsilon: number;
  /** What weight decay leaves of the parameter. */
  shrink: number;
  rate: number;
  /** How much of the average stays. */
  keep: number;
}

/** A step of AdamW in one pass through the memory of a parameter, and its average after it. */
export const adamWKernel = wasmKernel(
  "AdamW",
  ({ kernels, address }, inputs: Inputs, attributes: Attributes) => {
    const { parameter, mean, meanSquare, average, gradient } = inputs;
    const { scale, means, epsilon, shrink, rate, keep } = attributes;
    kernels.adamW(
      ...[parameter, mean, meanSquare, average, gradient].map((tensor) => address(tensor)),
      util.sizeFromShape(parameter.shape),
      scale,
      ...means.flatMap(([beta, correction]) => [beta, 1 - beta, correction]),
      epsilon,
      shrink,
      rate,
      keep,
      1 - keep,
    );
    return [];
  },
);
