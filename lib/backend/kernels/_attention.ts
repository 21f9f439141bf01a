import type { TensorInfo } from "@tensorflow/tfjs";
import { fusion } from "./_fusion.ts";
import type { Native } from "./_native.ts";

/** Queries, keys and values, `[B·T, 3·D]`; cosines and sines of the rotary angles, `[T, Dh/2]`. */
type Inputs = "qkv" | "cos" | "sin";

interface Attributes {
  batch: number;
  heads: number;
  causal: boolean;
  /** What keeps the norm of zeros finite. */
  epsilon: number;
}

/** Self-attention as in `lib/ops/attention.ts`. */
export const attention = fusion<Inputs, Inputs | "output", Attributes>({
  name: "Attention",
  variable: "qkv",
  saved: ["qkv", "cos", "sin", "output"],
  run(native, { qkv, cos, sin }, attributes) {
    const [rows, columns] = qkv.shape as [number, number];
    const output = native.allocate([rows, columns / 3]);
    runHeads(native, "attention", [qkv, cos, sin, output], attributes);
    return output;
  },
  differentiate(native, { qkv, cos, sin, output, dy }, attributes) {
    const gradient = native.allocate(qkv.shape);
    runHeads(native, "attentionGradient", [qkv, cos, sin, output, dy, gradient], attributes);
    return gradient;
  },
});

function runHeads(
  { kernels, scratch, address, allocate, free }: Native,
  kernel: "attention" | "attentionGradient",
  tensors: TensorInfo[],
  { batch, heads, causal, epsilon }: Attributes,
): void {
  const [rows, columns] = tensors[0]!.shape as [number, number];
  const [length, size] = [rows / batch, columns / 3 / heads];
  const work = allocate([kernels.attentionWork(length, heads, size) / 4]);
  kernels[kernel](
    ...tensors.map((tensor) => address(tensor)),
    batch,
    length,
    heads,
    size,
    Number(causal),
    epsilon,
    address(work),
    scratch,
  );
  free(work);
}
