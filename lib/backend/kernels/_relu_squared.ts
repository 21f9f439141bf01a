import { type TensorInfo, util } from "@tensorflow/tfjs";
import { fusion } from "./_fusion.ts";
import type { KernelInstance } from "./_instance.ts";

/** `max(x, 0)²` as in `lib/ops/relu_squared.ts`. */
export const reluSquared = fusion<"x", "output">({
  name: "ReluSquared",
  variable: "x",
  saved: ["output"],
  run: (instance, { x }) => runNumbers(instance, "reluSquared", [x]),
  differentiate: (instance, { output, dy }) =>
    runNumbers(instance, "reluSquaredGradient", [output, dy]),
});

function runNumbers(
  { kernels, address, allocate }: KernelInstance,
  kernel: "reluSquared" | "reluSquaredGradient",
  inputs: [TensorInfo, ...TensorInfo[]],
): TensorInfo {
  const [{ shape }] = inputs;
  const result = allocate(shape);
  const pointers = [...inputs, result].map((tensor) => address(tensor));
  kernels[kernel](...pointers, util.sizeFromShape(shape));
  return result;
}
