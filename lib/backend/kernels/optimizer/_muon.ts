import { type TensorInfo, util } from "@tensorflow/tfjs";
import { wasmKernel } from "../_instance.ts";

/** How the matrices of a group are made up of its parameters. */
interface Parts {
  /** How many matrices stand side by side in each parameter. */
  parts: readonly number[];
}

/** What the matrices of a group are before they are orthogonalised, as in `lib/optimizer/muon.ts`. */
export const lookAheadKernel = wasmKernel(
  "LookAhead",
  (
    { kernels, address, allocate },
    tensors: TensorInfo[], // the means, which change, and then the gradients
    { parts, scale, momentum }: Parts & { scale: number; momentum: number },
  ) => {
    const means = tensors.slice(0, parts.length);
    const gradients = tensors.slice(parts.length);
    const [rows, columns] = matrixOf(means[0]!, parts[0]!);
    const count = parts.reduce((sum, part) => sum + part, 0);
    const ahead = allocate([count, rows, columns]);
    let to = address(ahead);
    for (const [i, part] of parts.entries()) {
      const pointers = [address(means[i]!), address(gradients[i]!), to];
      kernels.lookAhead(...pointers, rows, columns, part, scale, momentum, 1 - momentum);
      to += 4 * part * rows * columns;
    }
    return ahead;
  },
);

/** Moves the parameters of a group, and their averages after them. */
export const moveAlongKernel = wasmKernel(
  "MoveAlong",
  (
    { kernels, address },
    tensors: TensorInfo[], // the directions, then the parameters and their averages, which change
    { parts, shrink, step, keep }: Parts & Record<"shrink" | "step" | "keep", number>,
  ) => {
    const [directions, ...variables] = tensors;
    const [, rows, columns] = directions!.shape as [number, number, number];
    let from = address(directions!);
    for (const [i, part] of parts.entries()) {
      const own = [variables[i]!, variables[parts.length + i]!].map((tensor) => address(tensor));
      kernels.moveAlong(from, ...own, rows, columns, part, shrink, step, keep, 1 - keep);
      from += 4 * part * rows * columns;
    }
    return [];
  },
);

/** Matrices over their Frobenius norms, `[N, R, C]`. */
export const unitNormKernel = wasmKernel(
  "UnitNorm",
  (
    { kernels, address, allocate },
    { matrices }: { matrices: TensorInfo },
    { epsilon }: { epsilon: number },
  ) => {
    const [count, ...sizes] = matrices.shape;
    const result = allocate(matrices.shape);
    const size = util.sizeFromShape(sizes);
    kernels.unitNorm(address(matrices), address(result), count!, size, epsilon);
    return result;
  },
);

/** `a + b·x + c·y` for square matrices, `[N, R, R]`, in which a number stands for its diagonal. */
export const quadraticKernel = wasmKernel(
  "Quadratic",
  (
    { kernels, address, allocate },
    { x, y }: Record<"x" | "y", TensorInfo>,
    { weights }: { weights: readonly [a: number, b: number, c: number] },
  ) => {
    const [count, rows] = x.shape as [number, number, number];
    const result = allocate(x.shape);
    const pointers = [x, y, result].map((tensor) => address(tensor));
    kernels.quadratic(...pointers, count, rows, ...weights);
    return result;
  },
);

/** The shape of the matrices that stand side by side in a parameter. */
function matrixOf({ shape }: TensorInfo, parts: number): [rows: number, columns: number] {
  const [rows, columns] = shape as [number, number];
  return [rows, columns / parts];
}
