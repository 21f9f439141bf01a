import proto, { type onnx } from "onnx-proto";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { neighbourOffsets, parameterShapes, type TransformerConfig } from "dlm/model.ts";
import { RMS_EPSILON } from "dlm/ops/rms_norm.ts";
import { ROTARY_BASE } from "dlm/ops/rotary.ts";

/** The operators used are those of this version of ONNX's standard set, or older. */
const OPSET = 17;

/** The version of the file layout that came with it. */
const IR_VERSION = 8;

const { FLOAT, INT64 } = proto.onnx.TensorProto.DataType;
const { AttributeType } = proto.onnx.AttributeProto;

/**
 * The bytes of an ONNX file with a checkpoint's averaged model, which any ONNX runtime can
 * run: standard operators alone, the weights inside, any number and length of sequences.
 *
 * ```text
 * input   tokens   int64    [batch, length]      ids, the mask being V
 * output  logits   float32  [batch, length, V]
 * ```
 *
 * The metadata hold the `config` and the `vocabulary`, the characters by id, as JSON.
 */
export function encodeOnnx(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { config, characters, version } = checkpoint;
  const metadata = { config: JSON.stringify(config), vocabulary: JSON.stringify(characters) };
  const graph = new Graph();
  const logits = addTransformer(graph, checkpoint);
  graph.rename(logits, "logits");
  const bytes = proto.onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    opsetImport: [{ domain: "", version: OPSET }],
    producerName: "dlm",
    producerVersion: version,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: "denoiser",
      ...graph.content,
      input: [tensorType("tokens", INT64, ["batch", "length"])],
      output: [tensorType("logits", FLOAT, ["batch", "length", config.vocabularySize])],
    },
  }).finish();
  return Uint8Array.from(bytes);
}

/** The model of `model.ts`, operator by operator; the name of its logits. */
function addTransformer(graph: Graph, checkpoint: Checkpoint): string {
  const { config, average } = checkpoint;
  const { layers, width, heads, causal } = config;
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    if (/^blocks|^head$/.test(name)) graph.floats(name, shape, average[name]!);
  }
  const turns = addTurns(graph, width / heads);
  const mask = causal ? addCausalMask(graph, turns.position) : undefined;
  let x = addRmsNorm(graph, addEmbeddings(graph, checkpoint)); // [B, T, D]
  for (let i = 0; i < layers; i++) {
    const qkv = graph.add("MatMul", [addRmsNorm(graph, x), `blocks.${i}.attention.qkv`]);
    const mixed = addAttention(graph, qkv, { config, turns, mask }); // [B, T, D]
    x = graph.add("Add", [x, graph.add("MatMul", [mixed, `blocks.${i}.attention.out`])]);

    const up = graph.add("MatMul", [addRmsNorm(graph, x), `blocks.${i}.mlp.up`]); // [B, T, 4·D]
    const positive = graph.add("Relu", [up]);
    const hidden = graph.add("Mul", [positive, positive]);
    x = graph.add("Add", [x, graph.add("MatMul", [hidden, `blocks.${i}.mlp.down`])]); // [B, T, D]
  }
  return graph.add("MatMul", [addRmsNorm(graph, x), "head"]); // [B, T, V]
}

/** Embeds tokens, `[B, T, D]`: all at once, as a convolution over one-hot rows. */
function addEmbeddings(graph: Graph, { config, average }: Checkpoint): string {
  const { vocabularySize, width, causal } = config;
  const tokens = vocabularySize + 1;
  const offsets = neighbourOffsets(causal);
  const tables = [{ offset: 0, table: average.embedding! }];
  for (const [k, offset] of offsets.entries()) {
    const size = tokens * width;
    tables.push({ offset, table: average.neighbours!.subarray(k * size, (k + 1) * size) });
  }
  const inOrder = tables.toSorted((a, b) => a.offset - b.offset).map(({ table }) => table);
  const taps = new Float32Array(width * tokens * inOrder.length);
  let i = 0;
  for (let feature = 0; feature < width; feature++) {
    for (let id = 0; id < tokens; id++) {
      for (const table of inOrder) taps[i++] = table[id * width + feature]!;
    }
  }
  const weights = graph.floats("embeddings", [width, tokens, inOrder.length], taps);
  const zeroAndOne = graph.floats("zero and one", [2], new Float32Array([0, 1]));
  const oneHot = graph.add("OneHot", ["tokens", graph.integer(tokens), zeroAndOne]); // [B, T, V + 1]
  const across = graph.add("Transpose", [oneHot], { perm: [0, 2, 1] }); // [B, V + 1, T]
  const pads = [-Math.min(...offsets), Math.max(0, ...offsets)];
  const features = graph.add("Conv", [across, weights], { pads }); // [B, D, T]
  return graph.add("Transpose", [features], { perm: [0, 2, 1] });
}

/** Scales the last axis to a root mean square of 1. */
function addRmsNorm(graph: Graph, x: string): string {
  const squares = graph.add("Mul", [x, x]);
  const mean = graph.add("ReduceMean", [squares], { axes: [-1], keepdims: 1 });
  const shifted = graph.add("Add", [mean, graph.scalar(RMS_EPSILON)]);
  return graph.add("Div", [x, graph.add("Sqrt", [shifted])]);
}

/** What the attention of every block needs to know of the positions. */
interface Turns {
  /** `[T]` */
  position: string;
  /** `[T, Dh/2]` */
  cos: string;
  /** `[T, Dh/2]` */
  sin: string;
}

function addTurns(graph: Graph, features: number): Turns {
  const half = features / 2;
  const divisors = Float32Array.from({ length: half }, (_, i) => ROTARY_BASE ** (i / half));
  const shape = graph.add("Shape", ["tokens"]);
  const length = graph.add("Gather", [shape, graph.integer(1)]);
  const range = graph.add("Range", [graph.integer(0), length, graph.integer(1)]);
  const position = graph.add("Cast", [range], { to: FLOAT }); // [T]
  const column = graph.add("Unsqueeze", [position, graph.integers([1])]); // [T, 1]
  const angles = graph.add("Div", [column, graph.floats("divisors", [half], divisors)]);
  return { position, cos: graph.add("Cos", [angles]), sin: graph.add("Sin", [angles]) };
}

/** 0 where a position may look and a large negative number where not: `[T, T]`. */
function addCausalMask(graph: Graph, position: string): string {
  const from = graph.add("Unsqueeze", [position, graph.integers([1])]); // [T, 1]
  const later = graph.add("Less", [from, position]); // [T, T]
  return graph.add("Where", [later, graph.scalar(-1e9), graph.scalar(0)]);
}

/** What {@linkcode addAttention} needs besides its input. */
interface AttentionParts {
  config: TransformerConfig;
  turns: Turns;
  mask: string | undefined;
}

/** From queries, keys and values side by side, `[B, T, 3·D]`, to `[B, T, D]`. */
function addAttention(graph: Graph, qkv: string, parts: AttentionParts): string {
  const { config: { width, heads }, turns, mask } = parts;
  const features = width / heads;
  const split = graph.integers([0, 0, heads, features]); // 0 keeps a dimension as it is
  const [q, k, v] = graph.split(qkv, 3).map((part) =>
    graph.add("Transpose", [graph.add("Reshape", [part, split])], { perm: [0, 2, 1, 3] })
  ); // [B, H, T, Dh] each
  const queries = addRmsNorm(graph, addRotary(graph, q!, turns));
  const keys = addRmsNorm(graph, addRotary(graph, k!, turns));
  const keysAcross = graph.add("Transpose", [keys], { perm: [0, 1, 3, 2] });
  const products = graph.add("MatMul", [queries, keysAcross]); // [B, H, T, T]
  let scores = graph.add("Mul", [products, graph.scalar(features ** -0.5)]);
  if (mask) scores = graph.add("Add", [scores, mask]);
  const weights = graph.add("Softmax", [scores], { axis: -1 });
  const mixed = graph.add("MatMul", [weights, v!]); // [B, H, T, Dh]
  const together = graph.add("Transpose", [mixed], { perm: [0, 2, 1, 3] }); // [B, T, H, Dh]
  return graph.add("Reshape", [together, graph.integers([0, 0, width])]);
}

/** Turns the pairs `(i, i + Dh/2)` by the angles of their positions. */
function addRotary(graph: Graph, x: string, { cos, sin }: Turns): string {
  const [a, b] = graph.split(x, 2) as [string, string];
  const mul = (x: string, y: string) => graph.add("Mul", [x, y]);
  const turned = [
    graph.add("Add", [mul(a, cos), mul(b, sin)]),
    graph.add("Sub", [mul(b, cos), mul(a, sin)]),
  ];
  return graph.add("Concat", turned, { axis: -1 });
}

/** A graph in the making, in which every value goes by a name. */
class Graph {
  readonly content = {
    node: [] as onnx.INodeProto[],
    initializer: [] as onnx.ITensorProto[],
  };

  /** An operator with one output, whose name it returns. */
  add(opType: string, input: string[], attributes: Record<string, number | number[]> = {}): string {
    return this.#node(opType, input, attributes, 1)[0]!;
  }

  /** Equal parts of the last axis. */
  split(input: string, parts: number): string[] {
    return this.#node("Split", [input], { axis: -1 }, parts);
  }

  /** Gives an operator's output another name. */
  rename(output: string, name: string): void {
    const node = this.content.node.find((node) => node.output![0] === output)!;
    node.output = [name];
  }

  /** A constant of float32, such as a weight. */
  floats(name: string, dims: number[], values: Float32Array): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#constant({ name, dataType: FLOAT, dims, rawData });
  }

  scalar(value: number): string {
    return this.floats(`${value}`, [], new Float32Array([value]));
  }

  /** A constant list of int64, such as a shape. */
  integers(values: number[]): string {
    const name = `[${values}]`;
    return this.#constant({ name, dataType: INT64, dims: [values.length], int64Data: values });
  }

  integer(value: number): string {
    return this.#constant({ name: `int ${value}`, dataType: INT64, dims: [], int64Data: [value] });
  }

  #constant(tensor: onnx.ITensorProto): string {
    const { initializer } = this.content;
    if (!initializer.some(({ name }) => name === tensor.name)) initializer.push(tensor);
    return tensor.name!;
  }

  #node(
    opType: string,
    input: string[],
    attributes: Record<string, number | number[]>,
    outputs: number,
  ): string[] {
    const name = `${opType} ${this.content.node.length}`;
    const output = Array.from({ length: outputs }, (_, i) => outputs > 1 ? `${name}.${i}` : name);
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === "number"
        ? { name, type: AttributeType.INT, i: value }
        : { name, type: AttributeType.INTS, ints: value }
    );
    this.content.node.push({ name, opType, input, output, attribute });
    return output;
  }
}

function tensorType(name: string, elemType: number, axes: (string | number)[]) {
  const dim = axes.map((axis) =>
    typeof axis === "string" ? { dimParam: axis } : { dimValue: axis }
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
