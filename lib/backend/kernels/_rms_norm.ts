import { type TensorInfo, util } from "@tensorflow/tfjs";
import { fusion } from "./_fusion.ts";
import type { KernelInstance } from "./_instance.ts";

interface Attributes {
  /** What keeps the norm of zeros finite. */
  epsilon: number;
}

/** Rows of a root mean square of 1 as in `lib/ops/rms_norm.ts`. */
export const rmsNorm = fusion<"x", "x", Attributes>({
  name: "RmsNorm",
  variable: "x",
  saved: ["x"],
  run: (instance, { x }, attributes) => runRows(instance, "rmsNorm", [x], attributes),
  differentiate: (instance, { x, dy }, attributes) =>
    runRows(instance, "rmsNormGradient", [x, dy], attributes),
});

function runRows(
  { kernels, address, allocate }: KernelInstance,
  kernel: "rmsNorm" | "rmsNormGradient",
  inputs: [TensorInfo, ...TensorInfo[]],
  { epsilon }: Attributes,
): TensorInfo {
  const [{ shape }] = inputs;
  const result = allocate(shape);
  const columns = shape.at(-1)!;
  const rows = util.sizeFromShape(shape.slice(0, -1));
  const pointers = [...inputs, result].map((tensor) => address(tensor));
  kernels[kernel](...pointers, rows, columns, epsilon);
  return result;
}
