import type { TensorInfo } from "@tensorflow/tfjs";
import { fusion } from "./_fusion.ts";
import type { KernelInstance } from "./_instance.ts";

/**
 * Queries, keys and values, `[B·T, 3·D]`; cosines and sines of the rotary angles, `[T, Dh/2]`; the
 * rows asked for, `[N]`.
 */
type Inputs = "qkv" | "cos" | "sin" | "rows";

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
  saved: ["qkv", "cos", "sin", "rows", "output"],
  run(instance, inputs, attributes) {
    const { qkv, rows } = inputs;
    const output = instance.allocate([rows.shape[0]!, qkv.shape[1]! / 3]);
    checkRows(instance.integers(rows), qkv.shape[0]!);
    runHeads(instance, "attention", inputs, [output], attributes);
    return output;
  },
  differentiate(instance, { output, dy, ...inputs }, attributes) {
    const gradient = instance.allocate(inputs.qkv.shape);
    runHeads(instance, "attentionGradient", inputs, [output, dy, gradient], attributes);
    return gradient;
  },
});

/**
 * The kernel passes over rows that are not there, and over all but one of the same: their output
 * would be what stood in the memory before.
 */
function checkRows(rows: Int32Array, places: number): void {
  const asked = new Uint8Array(places);
  for (const row of rows) {
    if (!(row >= 0 && row < places)) {
      throw new RangeError(`There is no row ${row}: rows are counted from 0 to ${places - 1}.`);
    }
    if (asked[row]!++) throw new RangeError(`Row ${row} was asked for twice: ask for it once.`);
  }
}

function runHeads(
  { kernels, address, allocate, free }: KernelInstance,
  kernel: "attention" | "attentionGradient",
  { qkv, cos, sin, rows }: Record<Inputs, TensorInfo>,
  others: TensorInfo[],
  { batch, heads, causal, epsilon }: Attributes,
): void {
  const [places, columns] = qkv.shape as [number, number];
  const [length, size] = [places / batch, columns / 3 / heads];
  const work = allocate([kernels.attentionWork(length, heads, size) / 4]);
  kernels[kernel](
    ...[qkv, cos, sin].map((tensor) => address(tensor)),
    address(rows, "int32"),
    ...others.map((tensor) => address(tensor)),
    rows.shape[0]!,
    batch,
    length,
    heads,
    size,
    Number(causal),
    epsilon,
    address(work),
  );
  free(work);
}
