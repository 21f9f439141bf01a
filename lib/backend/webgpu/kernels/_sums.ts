import type { TensorInfo } from "@tensorflow/tfjs";
import { GROUP, SUM_OVER_GROUP, webgpuKernel } from "./_program.ts";

/** In how many parts the squares of a tensor are added up. */
export const SHARES = 16;

/** WGSL in which each workgroup adds up its share of the squares of the numbers before `end`. */
export const squaresIn = (tensor: string, end: string, from = "0") => `
  for (var i = ${from} + share * ${GROUP} + lane; i < ${end}; i += ${SHARES * GROUP}) {
    sum += ${tensor}[i] * ${tensor}[i];
  }`;

/** How many tensors a launch reads: every device lets a shader have 8, of which one is written. */
const AT_ONCE = 7;

/**
 * The sums of the squares of some tensors, each in several shares, `[N · S]`: who asks for them
 * adds them all up.
 */
export const sumsOfSquaresKernel = webgpuKernel(
  "SumsOfSquares",
  (start, tensors: TensorInfo[]) => {
    let sums: TensorInfo | undefined;
    for (let first = 0; first < tensors.length; first += AT_ONCE) {
      const some = Object.values(tensors).slice(first, first + AT_ONCE);
      const launch = {
        name: `SumsOfSquares ${some.length}`,
        code: sumsOfSquares(some.length),
        inputs: Object.fromEntries(some.map((tensor, i) => [`tensor${i}`, tensor])),
        integers: { first },
        threads: some.length * SHARES * GROUP,
      };
      const made = start(launch, sums ? { into: sums } : { shape: [tensors.length * SHARES] });
      sums ??= made;
    }
    return sums!;
  },
);

/** WGSL in which each workgroup has a share of one of `count` tensors. */
function sumsOfSquares(count: number): string {
  const cases = Array.from({ length: count }, (_, i) => `
    case ${i}: {${squaresIn(`tensor${i}`, `i32(arrayLength(&tensor${i}))`)}
    }`);
  return `
${SUM_OVER_GROUP}
fn main(index : i32) {
  let lane = index % ${GROUP};
  let share = index / ${GROUP} % ${SHARES};
  let tensor = index / ${GROUP * SHARES};
  var sum = 0.0;
  switch (tensor) {${cases.join("")}
    default: {}
  }
  sum = sumOverGroup(sum);
  if (lane == 0) { result[(uniforms.first + tensor) * ${SHARES} + share] = sum; }
}
`;
}
