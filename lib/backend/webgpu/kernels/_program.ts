import { type DataType, type KernelConfig, type TensorInfo, util } from "@tensorflow/tfjs";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** How many threads a workgroup has: a warp or two. */
export const GROUP = 64;

/** One launch of a shader. */
export interface Launch {
  /** Tells this shader from others: it is compiled once for each name. */
  name: string;
  /** WGSL with a `fn main(index : i32)`, for the thread of that number. It has to read each input,
   * an array of its name, and something of `uniforms`: at least `size`, that of its `result`. */
  code: string;
  inputs: Record<string, TensorInfo>;
  /** Inputs of int32; the others are of float32. */
  indices?: Record<string, TensorInfo>;
  /** Whole numbers, which the shader finds by name in `uniforms`. */
  integers?: Record<string, number>;
  /** Other numbers, there too. */
  floats?: Record<string, number>;
  /** How many threads are wanted; a few more are started.
   * @default {one for each number of the result}
   */
  threads?: number;
}

/** A new tensor that a shader fills, or a present one that it changes. */
type Result = { shape: number[]; dtype?: DataType } | { into: TensorInfo };

/** Starts shaders of our own on the device of a tfjs backend. */
export type Start = (launch: Launch, result: Result) => TensorInfo;

/** A kernel for the WebGPU backend, to be registered with tfjs under `name`. */
export function webgpuKernel<Inputs extends object, Attributes extends object = object>(
  name: string,
  run: (start: Start, inputs: Inputs, attributes: Attributes) => TensorInfo | [],
): KernelConfig {
  return {
    kernelName: name,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const webgpu = backend as WebGPUBackend;
      const temporary: TensorInfo[] = [];
      const start: Start = (launch, result) => {
        const made = startOn(webgpu, launch, result);
        if (!("into" in result)) temporary.push(made);
        return made;
      };
      let output: TensorInfo | [] = [];
      try {
        output = run(start, inputs as Inputs, attrs as Attributes);
      } finally {
        for (const tensor of temporary) {
          if (tensor !== output) webgpu.disposeData(tensor.dataId);
        }
      }
      return output;
    },
  };
}

function startOn(backend: WebGPUBackend, launch: Launch, result: Result): TensorInfo {
  const { name, code, integers = {}, floats = {}, indices = {} } = launch;
  const inputs = { ...launch.inputs, ...indices };
  for (const [name, { dtype }] of Object.entries(inputs)) {
    const wanted = name in indices ? "int32" : "float32";
    if (dtype === wanted) continue;
    throw new TypeError(
      `A kernel of the webgpu backend was given ${dtype} numbers: cast them to ${wanted}.`,
    );
  }
  const { shape, dtype = "float32" } = "into" in result ? result.into : result;
  const { threads = util.sizeFromShape(shape) } = launch;
  const declare = (numbers: Record<string, number>, type: string) =>
    Object.keys(numbers).map((name) => `${name} : ${type},`).join(" ");
  const values = (numbers: Record<string, number>, type: string) =>
    Object.values(numbers).map((number) => ({ type, data: [number] }));
  return backend.runWebGPUProgram(
    {
      variableNames: Object.keys(inputs),
      outputShape: shape,
      shaderKey: name,
      dispatch: [Math.ceil(threads / GROUP), 1, 1],
      dispatchLayout: { x: shape.map((_, axis) => axis) },
      workgroupSize: [GROUP, 1, 1],
      size: true,
      uniforms: declare(integers, "i32") + declare(floats, "f32"),
      getUserCode: () => code,
    },
    Object.values(inputs),
    dtype,
    [...values(integers, "int32"), ...values(floats, "float32")],
    "into" in result ? result.into : undefined,
  );
}

/**
 * WGSL for `sumOverGroup(value)`, the sum over the threads of a workgroup, the same for all of
 * them. All have to call it.
 */
export const SUM_OVER_GROUP = `
var<workgroup> parts : array<f32, ${GROUP}>;
fn sumOverGroup(value : f32) -> f32 {
  workgroupBarrier(); // all have read the sum before
  parts[localIndex] = value;
  workgroupBarrier();
  for (var reach = ${GROUP / 2}u; reach > 0u; reach /= 2u) {
    if (localIndex < reach) { parts[localIndex] += parts[localIndex + reach]; }
    workgroupBarrier();
  }
  return parts[0];
}
`;
