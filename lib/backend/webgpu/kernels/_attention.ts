import type { TensorInfo } from "@tensorflow/tfjs";
import { type Launch, type Start, webgpuKernel } from "./_program.ts";
import { BACK_TO_INPUT, KEYS, MIX, NOBODY, QUERIES, SCATTER, TURN } from "./_attention_shaders.ts";

/**
 * Queries, keys and values, `[B·T, 3·D]`; cosines and sines of the rotary angles, `[T, Dh/2]`; the
 * rows asked for, `[N]`.
 */
type Inputs = Record<"qkv" | "cos" | "sin" | "rows", TensorInfo>;

interface Attributes {
  batch: number;
  heads: number;
  causal: boolean;
  /** What keeps the norm of zeros finite. */
  epsilon: number;
}

/** Self-attention as in `lib/ops/attention.ts`, and the gradient. */
export const attentionKernels = [
  webgpuKernel("Attention", (start, inputs: Inputs, attributes: Attributes) => {
    const { qkv, rows } = inputs;
    const { asked, width, run, turn } = prepare(start, inputs, attributes);
    const mix = { inputs: { qkv, turned: turn() }, indices: { rows } };
    return run("Mix", MIX, { ...mix, threads: asked * attributes.heads }, [asked, width]);
  }),
  webgpuKernel(
    "AttentionGradient",
    (
      start,
      { output, dy, ...inputs }: Inputs & Record<"output" | "dy", TensorInfo>,
      attributes: Attributes,
    ) => {
      const { qkv, rows, cos, sin } = inputs;
      const { heads } = attributes;
      const { places, asked, width, run, turn } = prepare(start, inputs, attributes);
      const turned = turn();
      const asking = findAsking(start, rows, places);
      const queries = run("Queries", QUERIES, {
        inputs: { qkv, turned, output, dy },
        indices: { rows },
        threads: asked * heads,
      }, [asked, heads, width / heads + 2]);
      const keys = run("Keys", KEYS, {
        inputs: { qkv, turned, queries, dy },
        indices: { asking },
        threads: places * heads,
      }, [places, 2 * width]);
      return run("BackToInput", BACK_TO_INPUT, {
        inputs: { qkv, turned, queries, keys, cos, sin },
        indices: { asking },
        threads: places * 3 * heads,
      }, qkv.shape);
    },
  ),
];

/** What all launches have in common. */
function prepare(start: Start, { qkv, cos, sin, rows }: Inputs, attributes: Attributes) {
  const { batch, heads, causal, epsilon } = attributes;
  const [places, columns] = qkv.shape as [number, number];
  const [asked] = rows.shape as [number];
  const [width, size] = [columns / 3, columns / 3 / heads];
  const constants = `
const HEADS = ${heads};
const SIZE = ${size};
const CAUSAL = ${causal};
`;
  const common = { integers: { places, length: places / batch, asked }, floats: { epsilon } };
  const run = (
    name: string,
    code: string,
    launch: Pick<Launch, "inputs" | "indices" | "threads">,
    shape: number[],
  ) => {
    const named = { name: `Attention${name} ${[heads, size, causal]}`, code: constants + code };
    return start({ ...named, ...common, ...launch }, { shape });
  };
  const turn = () =>
    run("Turn", TURN, { inputs: { qkv, cos, sin }, threads: places * 2 * heads }, [
      places,
      2 * width,
    ]);
  return { places, asked, width, run, turn };
}

/** For each place which of the rows asked for it is, or a negative number. */
function findAsking(start: Start, rows: TensorInfo, places: number): TensorInfo {
  const [asked] = rows.shape as [number];
  const asking = start({ name: "Nobody", code: NOBODY, inputs: {} }, {
    shape: [places],
    dtype: "int32",
  });
  const scatter = { name: "Scatter", code: SCATTER, inputs: {}, indices: { rows } };
  return start({ ...scatter, integers: { asked }, threads: asked }, { into: asking });
}
