import type { TensorInfo } from "@tensorflow/tfjs";
import { webgpuKernel } from "./_program.ts";

// Kernels that take one number after the other, each thread its own.

/** WGSL that sets each number of the result. */
const each = (expression: string) => `
fn main(index : i32) {
  if (index < uniforms.size) { result[index] = ${expression}; }
}
`;

/** `max(x, 0)²` as in `lib/ops/relu_squared.ts`, and the gradient; what is no number stays so. */
export const reluSquaredKernels = [
  webgpuKernel("ReluSquared", (start, { x }: Record<"x", TensorInfo>) =>
    start({
      name: "ReluSquared",
      code: each("select(x[index] * x[index], 0.0, x[index] <= 0.0)"),
      inputs: { x },
    }, x)),
  webgpuKernel(
    "ReluSquaredGradient",
    (start, { output, dy }: Record<"output" | "dy", TensorInfo>) =>
      start({
        name: "ReluSquaredGradient",
        code: each("2.0 * sqrt(output[index]) * dy[index]"),
        inputs: { output, dy },
      }, output),
  ),
];

/** The sum of `lib/ops/weighted_sum.ts`. */
export const weightedSumKernel = webgpuKernel(
  "WeightedSum",
  (start, { a, b }: Record<"a" | "b", TensorInfo>, floats: { alpha: number; beta: number }) =>
    start({
      name: "WeightedSum",
      code: each("uniforms.alpha * a[index] + uniforms.beta * b[index]"),
      inputs: { a, b },
      floats,
    }, a),
);

/** Adds a term to a sum, whose numbers change. */
export const addToKernel = webgpuKernel(
  "AddTo",
  (start, { sum, term }: Record<"sum" | "term", TensorInfo>) => {
    const code = each("result[index] + term[index]");
    start({ name: "AddTo", code, inputs: { term } }, { into: sum });
    return [];
  },
);

/** `a + b·x + c·y` for square matrices, `[N, R, R]`, in which a number stands for its diagonal. */
export const quadraticKernel = webgpuKernel(
  "Quadratic",
  (
    start,
    { x, y }: Record<"x" | "y", TensorInfo>,
    { weights: [a, b, c] }: { weights: readonly [a: number, b: number, c: number] },
  ) =>
    start({
      name: "Quadratic",
      code: each(`
        uniforms.b * x[index] + uniforms.c * y[index] +
          select(0.0, uniforms.a, index % uniforms.rows == index / uniforms.rows % uniforms.rows)`),
      inputs: { x, y },
      integers: { rows: x.shape[1]! },
      floats: { a, b, c },
    }, x),
);
