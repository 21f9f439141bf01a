import { type TensorInfo, util } from "@tensorflow/tfjs";
import { wasmKernel } from "../_instance.ts";

interface Terms {
  a: TensorInfo;
  b: TensorInfo;
}

interface Weights {
  alpha: number;
  beta: number;
}

/** The sum of `lib/ops/weighted_sum.ts`. */
export const weightedSumKernel = wasmKernel(
  "WeightedSum",
  ({ kernels, address, allocate }, { a, b }: Terms, { alpha, beta }: Weights) => {
    const sum = allocate(a.shape);
    const pointers = [a, b, sum].map((tensor) => address(tensor));
    kernels.weightedSum(...pointers, util.sizeFromShape(a.shape), alpha, beta);
    return sum;
  },
);
