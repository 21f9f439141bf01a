import { type TensorInfo, util } from "@tensorflow/tfjs";
import { wasmKernel } from "../_instance.ts";

/** The sums of the squares of some tensors, `[N]`. */
export const sumsOfSquaresKernel = wasmKernel(
  "SumsOfSquares",
  ({ kernels, address, allocate }, tensors: TensorInfo[]) => {
    const sums = allocate([tensors.length]);
    const to = address(sums);
    for (const [i, tensor] of tensors.entries()) {
      kernels.sumOfSquares(address(tensor), util.sizeFromShape(tensor.shape), to + 4 * i);
    }
    return sums;
  },
);

/** Adds a term to a sum, whose numbers change. */
export const addToKernel = wasmKernel(
  "AddTo",
  ({ kernels, address }, { sum, term }: Record<"sum" | "term", TensorInfo>) => {
    kernels.addTo(address(sum), address(term), util.sizeFromShape(sum.shape));
    return [];
  },
);
