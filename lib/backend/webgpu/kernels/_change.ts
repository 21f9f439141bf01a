import type { TensorInfo } from "@tensorflow/tfjs";
import type { Launch, Start } from "./_program.ts";

/** WGSL that changes each number of the result, of which `old` is what it was. */
export const change = (expression: string) => `
fn main(index : i32) {
  if (index >= uniforms.size) { return; }
  let old = result[index];
  result[index] = ${expression};
}
`;

/** Changes a tensor where it is. A shader changes one alone, so that a step takes several. */
export function changeIn(
  start: Start,
  tensor: TensorInfo,
  name: string,
  launch: Omit<Launch, "name">,
) {
  start({ ...launch, name }, { into: tensor });
}

/** A running mean of gradients, which are clipped by `scale`. */
export const MEAN = change(
  "uniforms.beta * old + (1.0 - uniforms.beta) * uniforms.scale * gradient[index]",
);

/** The running mean of a parameter. */
export const AVERAGE = change("uniforms.keep * old + (1.0 - uniforms.keep) * parameter[index]");
