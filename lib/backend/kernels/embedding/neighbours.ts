import type { TensorInfo } from "@tensorflow/tfjs";
import { wasmKernel } from "../_instance.ts";

interface Attributes {
  /** Where the neighbours are: -1 stands for the place before. */
  offsets: readonly number[];
  /** How many rows of the table each of them has to itself. */
  rows: number;
}

/** Which rows of a table stand for the neighbours of each token, as in `lib/ops/embed.ts`. */
export const neighbourIndicesKernel = wasmKernel(
  "NeighbourIndices",
  (
    { kernels, address, allocate },
    { tokens }: { tokens: TensorInfo }, // [B, T], int32
    { offsets, rows }: Attributes,
  ) => {
    const [batch, length] = tokens.shape as [number, number];
    const count = offsets.length;
    const indices = allocate([batch * length, count], "int32");
    const [from, to] = [address(tokens, "int32"), address(indices, "int32")];
    for (const [k, offset] of offsets.entries()) {
      kernels.neighbourIndices(from, to + 4 * k, count, batch, length, offset, k * rows);
    }
    return indices;
  },
);
