import { type TensorInfo, util } from "@tensorflow/tfjs";
import { AVERAGE, changeIn, MEAN } from "./_change.ts";
import { GROUP, SUM_OVER_GROUP, webgpuKernel } from "./_program.ts";
import { SHARES, squaresIn } from "./_sums.ts";

/** How the matrices of a group are made up of its parameters. */
interface Parts {
  /** How many matrices stand side by side in each parameter. */
  parts: readonly number[];
}

/**
 * WGSL that finds each number of a parameter, `inside` it, among matrices that follow one another,
 * `apart`.
 */
const matched = (code: string) => `
fn main(index : i32) {
  let size = uniforms.rows * uniforms.columns;
  if (index >= size * uniforms.parts) { return; }
  let row = index / uniforms.columns % uniforms.rows;
  let column = index / size * uniforms.columns + index % uniforms.columns;
  let inside = row * uniforms.columns * uniforms.parts + column;
  let apart = uniforms.first * size + index;
  ${code}
}
`;

const LOOK_AHEAD = matched(
  "result[apart] = uniforms.beta * mean[inside] + (1.0 - uniforms.beta) * uniforms.scale * gradient[inside];",
);
const MOVE_ALONG = matched(
  "result[inside] = uniforms.shrink * result[inside] + uniforms.pace * directions[apart];",
);

/** What the matrices of a group are before they are orthogonalised, as in `lib/optimizer/muon.ts`. */
export const lookAheadKernel = webgpuKernel(
  "LookAhead",
  (
    start,
    tensors: TensorInfo[], // the means, which change, and then the gradients
    { parts, scale, momentum }: Parts & { scale: number; momentum: number },
  ) => {
    const [rows, total] = tensors[0]!.shape as [number, number];
    const columns = total / parts[0]!;
    const count = parts.reduce((sum, part) => sum + part, 0);
    const floats = { beta: momentum, scale };
    let ahead: TensorInfo | undefined;
    let first = 0;
    for (const [i, part] of parts.entries()) {
      const [mean, gradient] = [tensors[i]!, tensors[parts.length + i]!];
      changeIn(start, mean, "Mean", { code: MEAN, inputs: { gradient }, floats });
      const launch = {
        name: "LookAhead",
        code: LOOK_AHEAD,
        inputs: { mean, gradient },
        integers: { rows, columns, parts: part, first },
        floats,
        threads: part * rows * columns,
      };
      const made = start(launch, ahead ? { into: ahead } : { shape: [count, rows, columns] });
      ahead ??= made;
      first += part;
    }
    return ahead!;
  },
);

/** Moves the parameters of a group, and their averages after them. */
export const moveAlongKernel = webgpuKernel(
  "MoveAlong",
  (
    start,
    tensors: TensorInfo[], // the directions, then the parameters and their averages, which change
    { parts, shrink, step, keep }: Parts & Record<"shrink" | "step" | "keep", number>,
  ) => {
    const [directions, ...variables] = tensors as [TensorInfo, ...TensorInfo[]];
    const [, rows, columns] = directions.shape as [number, number, number];
    let first = 0;
    for (const [i, part] of parts.entries()) {
      const [parameter, average] = [variables[i]!, variables[parts.length + i]!];
      changeIn(start, parameter, "MoveAlong", {
        code: MOVE_ALONG,
        inputs: { directions },
        integers: { rows, columns, parts: part, first },
        floats: { shrink, pace: step },
      });
      changeIn(start, average, "Average", {
        code: AVERAGE,
        inputs: { parameter },
        floats: { keep },
      });
      first += part;
    }
    return [];
  },
);

const MATRIX_SQUARES = `
${SUM_OVER_GROUP}
fn main(index : i32) {
  let lane = index % ${GROUP};
  let share = index / ${GROUP} % ${SHARES};
  let matrix = index / ${GROUP * SHARES};
  let first = min(matrix, uniforms.count - 1) * uniforms.numbers;
  var sum = 0.0;
  ${squaresIn("matrices", "first + uniforms.numbers", "first")}
  sum = sumOverGroup(sum);
  if (matrix < uniforms.count && lane == 0) { result[matrix * ${SHARES} + share] = sum; }
}
`;

const UNIT_NORM = `
fn main(index : i32) {
  if (index >= uniforms.size) { return; }
  var sum = 0.0;
  for (var share = 0; share < ${SHARES}; share++) {
    sum += squares[index / uniforms.numbers * ${SHARES} + share];
  }
  result[index] = matrices[index] / (sqrt(sum) + uniforms.epsilon);
}
`;

/** Matrices over their Frobenius norms, `[N, R, C]`. */
export const unitNormKernel = webgpuKernel(
  "UnitNorm",
  (
    start,
    { matrices }: { matrices: TensorInfo },
    { epsilon }: { epsilon: number },
  ) => {
    const count = matrices.shape[0]!;
    const numbers = util.sizeFromShape(matrices.shape) / count;
    const squares = start({
      name: "MatrixSquares",
      code: MATRIX_SQUARES,
      inputs: { matrices },
      integers: { count, numbers },
      threads: count * SHARES * GROUP,
    }, { shape: [count, SHARES] });
    return start({
      name: "UnitNorm",
      code: UNIT_NORM,
      inputs: { matrices, squares },
      integers: { numbers },
      floats: { epsilon },
    }, matrices);
  },
);
