import type { TensorInfo } from "@tensorflow/tfjs";
import { AVERAGE, change, changeIn, MEAN } from "./_change.ts";
import { webgpuKernel } from "./_program.ts";

/** The gradient is only read; the others change. */
type Inputs = Record<
  "parameter" | "mean" | "meanSquare" | "average" | "gradient",
  TensorInfo
>;

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

const MEAN_SQUARE = change(
  "uniforms.beta * old + " +
    "(1.0 - uniforms.beta) * uniforms.scale * gradient[index] * uniforms.scale * gradient[index]",
);
const ADAMW = change(
  `uniforms.shrink * old - uniforms.rate * (mean[index] / uniforms.meanCorrection) /
    (sqrt(meanSquare[index] / uniforms.squareCorrection) + uniforms.epsilon)`,
);

/** A step of AdamW, and the average after it. */
export const adamWKernel = webgpuKernel(
  "AdamW",
  (start, inputs: Inputs, attributes: Attributes) => {
    const { parameter, mean, meanSquare, average, gradient } = inputs;
    const { scale, means, epsilon, shrink, rate, keep } = attributes;
    const [[beta, meanCorrection], [squareBeta, squareCorrection]] = means as [
      [number, number],
      [number, number],
    ];
    changeIn(start, mean, "Mean", { code: MEAN, inputs: { gradient }, floats: { beta, scale } });
    changeIn(start, meanSquare, "MeanSquare", {
      code: MEAN_SQUARE,
      inputs: { gradient },
      floats: { beta: squareBeta, scale },
    });
    changeIn(start, parameter, "AdamW", {
      code: ADAMW,
      inputs: { mean, meanSquare },
      floats: { shrink, rate, meanCorrection, squareCorrection, epsilon },
    });
    changeIn(start, average, "Average", {
      code: AVERAGE,
      inputs: { parameter },
      floats: { keep },
    });
    return [];
  },
);
