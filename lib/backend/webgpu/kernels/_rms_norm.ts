import { type TensorInfo, util } from "@tensorflow/tfjs";
import { GROUP, SUM_OVER_GROUP, webgpuKernel } from "./_program.ts";

type Attributes = {
  /** What keeps the norm of zeros finite. */
  epsilon: number;
};

/** WGSL that has a workgroup go through a row; what it does there is `code`. */
const inRow = (code: string) => `
${SUM_OVER_GROUP}
fn main(index : i32) {
  let row = index / ${GROUP};
  let lane = index % ${GROUP};
  let start = min(row, uniforms.rows - 1) * uniforms.columns;
  let end = start + uniforms.columns;
  let count = f32(uniforms.columns);
  ${code}
}
`;

const FORWARD = inRow(`
  var squares = 0.0;
  for (var i = start + lane; i < end; i += ${GROUP}) { squares += x[i] * x[i]; }
  let factor = inverseSqrt(sumOverGroup(squares) / count + uniforms.epsilon);
  if (row >= uniforms.rows) { return; }
  for (var i = start + lane; i < end; i += ${GROUP}) { result[i] = factor * x[i]; }
`);

const GRADIENT = inRow(`
  var squares = 0.0;
  var products = 0.0;
  for (var i = start + lane; i < end; i += ${GROUP}) {
    squares += x[i] * x[i];
    products += x[i] * dy[i];
  }
  let factor = inverseSqrt(sumOverGroup(squares) / count + uniforms.epsilon);
  let along = factor * factor * sumOverGroup(products) / count;
  if (row >= uniforms.rows) { return; }
  for (var i = start + lane; i < end; i += ${GROUP}) {
    result[i] = factor * (dy[i] - along * x[i]);
  }
`);

/** Rows of a root mean square of 1 as in `lib/ops/rms_norm.ts`, and the gradient. */
export const rmsNormKernels = [
  webgpuKernel("RmsNorm", (start, { x }: Record<"x", TensorInfo>, floats: Attributes) => {
    const launch = { name: "RmsNorm", code: FORWARD, inputs: { x }, floats };
    return start({ ...launch, ...sizesOf(x) }, { shape: x.shape });
  }),
  webgpuKernel(
    "RmsNormGradient",
    (start, { x, dy }: Record<"x" | "dy", TensorInfo>, floats: Attributes) => {
      const launch = { name: "RmsNormGradient", code: GRADIENT, inputs: { x, dy }, floats };
      return start({ ...launch, ...sizesOf(x) }, { shape: x.shape });
    },
  ),
];

function sizesOf({ shape }: TensorInfo) {
  const columns = shape.at(-1)!;
  const rows = util.sizeFromShape(shape) / columns;
  return { integers: { rows, columns }, threads: rows * GROUP };
}
