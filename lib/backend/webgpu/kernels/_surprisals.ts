import type { TensorInfo } from "@tensorflow/tfjs";
import { GROUP, SUM_OVER_GROUP, webgpuKernel } from "./_program.ts";

/** `[N, V]`, and the true column of each row, `[N]`, int32. */
type Inputs = Record<"logits" | "targets", TensorInfo>;

/** WGSL that has a workgroup find the `largest` of a row, and the `total` of its exponentials. */
const inRow = (code: string) => `
${SUM_OVER_GROUP}
var<workgroup> largests : array<f32, ${GROUP}>;
fn main(index : i32) {
  let row = index / ${GROUP};
  let lane = index % ${GROUP};
  let own = min(row, uniforms.rows - 1);
  let start = own * uniforms.columns;
  let end = start + uniforms.columns;
  var largest = logits[start];
  for (var i = start + lane; i < end; i += ${GROUP}) { largest = max(largest, logits[i]); }
  largests[lane] = largest;
  workgroupBarrier();
  for (var i = 0; i < ${GROUP}; i++) { largest = max(largest, largests[i]); }
  var exponentials = 0.0;
  for (var i = start + lane; i < end; i += ${GROUP}) { exponentials += exp(logits[i] - largest); }
  let total = sumOverGroup(exponentials);
  let truth = targets[own];
  let exists = truth >= 0 && truth < uniforms.columns;
  ${code}
}
`;

const FORWARD = inRow(`
  if (row >= uniforms.rows || lane > 0) { return; }
  let surprisal = largest + log(total) - logits[start + select(0, truth, exists)];
  result[row] = select(0.0, surprisal, exists);
`);

const GRADIENT = inRow(`
  if (row >= uniforms.rows) { return; }
  let factor = select(0.0, dy[row], exists);
  for (var i = start + lane; i < end; i += ${GROUP}) {
    let certain = select(0.0, 1.0, i - start == truth);
    result[i] = factor * (exp(logits[i] - largest) / total - certain);
  }
`);

/** `-log softmax(logits)[target]` as in `lib/ops/cross_entropy.ts`, and the gradient. */
export const surprisalsKernels = [
  webgpuKernel("Surprisals", (start, { logits, targets }: Inputs) => {
    const launch = { name: "Surprisals", code: FORWARD, inputs: { logits }, indices: { targets } };
    return start({ ...launch, ...sizesOf(logits) }, { shape: targets.shape });
  }),
  webgpuKernel(
    "SurprisalsGradient",
    (start, { logits, targets, dy }: Inputs & { dy: TensorInfo }) => {
      const inputs = { logits, dy };
      const launch = { name: "SurprisalsGradient", code: GRADIENT, inputs, indices: { targets } };
      return start({ ...launch, ...sizesOf(logits) }, { shape: logits.shape });
    },
  ),
];

function sizesOf({ shape }: TensorInfo) {
  const [rows, columns] = shape as [number, number];
  return { integers: { rows, columns }, threads: rows * GROUP };
}
