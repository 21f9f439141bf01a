import type { TensorInfo } from "@tensorflow/tfjs";
import { GROUP, webgpuKernel } from "./_program.ts";

/** A matrix, `[N, D]`, and which of its rows to add up, `[M, K]`, int32. */
type Inputs = Record<"table" | "indices", TensorInfo>;

const FORWARD = `
fn main(index : i32) {
  if (index >= uniforms.count * uniforms.columns) { return; }
  let first = index / uniforms.columns * uniforms.terms;
  let column = index % uniforms.columns;
  var sum = 0.0;
  for (var i = first; i < first + uniforms.terms; i++) {
    let row = indices[i];
    if (row >= 0 && row < uniforms.rows) { sum += table[row * uniforms.columns + column]; }
  }
  result[index] = sum;
}
`;

/** How many indices a workgroup looks through at once, a bit of a word for each. */
const SOUGHT = 4 * GROUP;

/**
 * A workgroup takes some columns of one row of the table, and looks for the row among all indices.
 * Each thread adds up what was found in their order, so that the sum is the same every time.
 */
const GRADIENT = `
var<workgroup> found : array<atomic<u32>, ${SOUGHT / 32}>;
fn main(index : i32) {
  let lane = index % ${GROUP};
  let blocks = (uniforms.columns + ${GROUP - 1}) / ${GROUP};
  let row = index / ${GROUP} / blocks;
  let column = index / ${GROUP} % blocks * ${GROUP} + lane;
  let indexCount = uniforms.count * uniforms.terms;
  var sum = 0.0;
  for (var start = 0; start < indexCount; start += ${SOUGHT}) {
    if (lane < ${SOUGHT / 32}) { atomicStore(&found[lane], 0u); }
    workgroupBarrier();
    for (var place = lane; place < ${SOUGHT}; place += ${GROUP}) {
      if (start + place < indexCount && indices[start + place] == row) {
        atomicOr(&found[place / 32], 1u << u32(place % 32));
      }
    }
    workgroupBarrier();
    for (var word = 0; word < ${SOUGHT / 32}; word++) {
      var bits = atomicLoad(&found[word]);
      while (bits != 0u) {
        let place = start + 32 * word + i32(firstTrailingBit(bits));
        if (column < uniforms.columns) {
          sum += dy[place / uniforms.terms * uniforms.columns + column];
        }
        bits &= bits - 1u;
      }
    }
    workgroupBarrier();
  }
  if (row < uniforms.rows && column < uniforms.columns) {
    result[row * uniforms.columns + column] = sum;
  }
}
`;

function sizesOf({ table, indices }: Inputs) {
  const [rows, columns] = table.shape as [number, number];
  const [count, terms] = indices.shape as [number, number];
  return { rows, columns, count, terms };
}

/** `M` sums of `K` rows of a matrix each as in `lib/ops/sum_rows.ts`, and the gradient. */
export const sumRowsKernels = [
  webgpuKernel("SumRows", (start, { table, indices }: Inputs) => {
    const integers = sizesOf({ table, indices });
    const launch = { name: "SumRows", code: FORWARD, inputs: { table }, indices: { indices } };
    return start({ ...launch, integers }, { shape: [integers.count, integers.columns] });
  }),
  webgpuKernel("SumRowsGradient", (start, { table, indices, dy }: Inputs & { dy: TensorInfo }) => {
    const integers = sizesOf({ table, indices });
    const threads = integers.rows * Math.ceil(integers.columns / GROUP) * GROUP;
    const launch = {
      name: "SumRowsGradient",
      code: GRADIENT,
      inputs: { dy },
      indices: { indices },
    };
    return start({ ...launch, integers, threads }, { shape: table.shape });
  }),
];

const NEIGHBOURS = `
fn main(index : i32) {
  if (index >= uniforms.places * uniforms.count) { return; }
  let place = index / uniforms.count;
  let k = index % uniforms.count;
  let neighbour = place % uniforms.length + offsetOf(k);
  let exists = neighbour >= 0 && neighbour < uniforms.length;
  let token = tokens[select(place, place + offsetOf(k), exists)];
  result[index] = select(-1, token + k * uniforms.rows, exists);
}
`;

/** Which rows of a table stand for the neighbours of each token, as in `lib/ops/embed.ts`. */
export const neighbourIndicesKernel = webgpuKernel(
  "NeighbourIndices",
  (
    start,
    { tokens }: { tokens: TensorInfo }, // [B, T], int32
    { offsets, rows }: { offsets: readonly number[]; rows: number },
  ) => {
    const [batch, length] = tokens.shape as [number, number];
    const [places, count] = [batch * length, offsets.length];
    const code = `
fn offsetOf(k : i32) -> i32 {
  var offsets = array<i32, ${count}>(${offsets.join(", ")});
  return offsets[k];
}
${NEIGHBOURS}`;
    const integers = { places, length, count, rows };
    return start(
      { name: `NeighbourIndices ${offsets}`, code, inputs: {}, indices: { tokens }, integers },
      { shape: [places, count], dtype: "int32" },
    );
  },
);
