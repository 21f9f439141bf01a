import type { DataId, DataType, KernelConfig, TensorInfo } from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { openProduct, type ProductSet } from "dlm/backend/native/product/open.ts";
import { findFault, ROOM } from "dlm/backend/native/trial/self_test.ts";
import relaxedSimd from "./relaxed_simd.wasm" with { type: "bytes" };
import simd from "./simd.wasm" with { type: "bytes" };

/** The builds, the fastest first. */
const BUILDS = { "relaxed-simd": relaxedSimd, simd };

/** A build of the kernels, by the WebAssembly features it uses; the fastest build with matrix
 * products in machine code; or none. */
export type KernelSet = WasmSet | `native ${ProductSet}` | "none";

type WasmSet = keyof typeof BUILDS;

/** The fastest build that this engine understands. */
export function fastestSet(): WasmSet | "none" {
  const sets = Object.keys(BUILDS) as WasmSet[];
  return sets.find((set) => WebAssembly.validate(BUILDS[set])) ?? "none";
}

/**
 * What `assembly/index.ts` exports, with its parameters in order: pointers are in bytes,
 * sizes and strides in numbers.
 */
export interface KernelExports {
  matmulScratch(): number;
  useScratch(address: number): void;
  mirror(matrix: number, rowStride: number, rows: number): void;
  matmul(...parameters: number[]): void;
  attentionWork(length: number, heads: number, size: number): number;
  attention(...parameters: number[]): void;
  attentionGradient(...parameters: number[]): void;
  multiplyAdds(rounds: number): number;
  adamW(...parameters: number[]): void;
  lookAhead(...parameters: number[]): void;
  unitNorm(...parameters: number[]): void;
  quadratic(...parameters: number[]): void;
  moveAlong(...parameters: number[]): void;
  addTo(...parameters: number[]): void;
  sumOfSquares(...parameters: number[]): void;
  neighbourIndices(...parameters: number[]): void;
  sumRows(...parameters: number[]): void;
  sumRowsGradient(...parameters: number[]): void;
  reluSquared(...parameters: number[]): void;
  reluSquaredGradient(...parameters: number[]): void;
  rmsNorm(...parameters: number[]): void;
  rmsNormGradient(...parameters: number[]): void;
  surprisals(...parameters: number[]): void;
  surprisalsGradient(...parameters: number[]): void;
  weightedSum(...parameters: number[]): void;
}

/** The kernels at work in the memory of one tfjs backend. */
export interface KernelInstance {
  set: KernelSet;
  kernels: KernelExports;
  /** The address of the scratch memory that products may use while they run. */
  scratch: number;
  /**
   * Where the numbers of a tensor are.
   *
   * @throws {TypeError} if they are of another type than the kernel reads, float32 unless said
   */
  address(tensor: TensorInfo, dtype?: DataType): number;
  /**
   * A copy of the numbers of an int32 tensor.
   *
   * @throws {TypeError} if they are of another type
   */
  integers(tensor: TensorInfo): Int32Array;
  /** A new tensor, of float32 unless said, with whatever numbers were in its memory before. */
  allocate(shape: number[], dtype?: DataType): TensorInfo;
  /** Ends a tensor that `allocate` made and nobody else has seen. */
  free(tensor: TensorInfo): void;
}

const instances = new WeakMap<BackendWasm, KernelInstance>();

/** The kernels that {@linkcode instantiateKernels} put there. */
export function kernelInstance(backend: BackendWasm): KernelInstance {
  return instances.get(backend)!;
}

/** Memory of a tfjs backend, and the way to have some of it. */
interface Wasm {
  asm: { memory: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * Puts a build of the kernels into the memory of `backend`, unless it is there already.
 *
 * @throws {Error} if there is a fault in the machine code, as its quick self-test finds it
 */
export function instantiateKernels(
  backend: BackendWasm,
  set: Exclude<KernelSet, "none">,
): void {
  const present = instances.get(backend);
  if (present?.set === set) return;
  const wasm = backend.wasm as unknown as Wasm;
  const { asm, _malloc } = wasm;
  const [, vectors] = set.split("native ") as [string, ProductSet?];
  const build = vectors ? fastestSet() as WasmSet : set as WasmSet;
  const module = new WebAssembly.Module(BUILDS[build]);
  const instance = new WebAssembly.Instance(module, {
    env: { memory: asm.memory, "Math.log": Math.log },
    product: {
      // What WebAssembly hands out has a sign, also an address beyond the first 2 GB.
      product: (
        a: number,
        ar: number,
        ac: number,
        b: number,
        br: number,
        bc: number,
        c: number,
        ...rest: number[]
      ) => kernels.matmul(a >>> 0, ar, ac, b >>> 0, br, bc, c >>> 0, ...rest),
    },
  });
  const inWasm = instance.exports as unknown as KernelExports;
  const scratch = present?.scratch ?? _malloc(inWasm.matmulScratch()) >>> 0;
  inWasm.useScratch(scratch);
  const kernels = vectors ? { ...inWasm, matmul: machineProduct(vectors, wasm, inWasm) } : inWasm;
  instances.set(backend, {
    set,
    kernels,
    scratch,
    address(tensor, dtype = "float32") {
      checkType(tensor, dtype);
      return backend.getMemoryOffset(tensor.dataId as DataId);
    },
    integers(tensor) {
      checkType(tensor, "int32");
      return backend.readSync(tensor.dataId as DataId) as Int32Array;
    },
    allocate: (shape, dtype = "float32") => backend.makeOutput(shape, dtype),
    free: ({ dataId }) => void backend.disposeData(dataId as DataId),
  });
}

function checkType(tensor: TensorInfo, dtype: DataType): void {
  if (tensor.dtype === dtype) return;
  throw new TypeError(
    `A kernel of the wasm backend was given ${tensor.dtype} numbers: cast them to ${dtype}.`,
  );
}

/** The matrix product in machine code, as it works in this memory and in this thread. */
function machineProduct(
  set: ProductSet,
  { asm: { memory }, _malloc, _free }: Wasm,
  { matmul: reference, mirror }: KernelExports,
): KernelExports["matmul"] {
  const product = openProduct(set, memory, mirror);
  const start = _malloc(ROOM) >>> 0;
  try {
    const fault = findFault({ product, reference, memory, start }, true);
    if (fault) throw new Error(fault);
  } finally {
    _free(start);
  }
  return product;
}

/**
 * A kernel for the wasm backend, to be registered with tfjs under `name`. What only changes the
 * numbers of its inputs has no output. If it throws, what it allocated is freed.
 */
export function wasmKernel<Inputs extends object, Attributes extends object>(
  name: string,
  run: (instance: KernelInstance, inputs: Inputs, attributes: Attributes) => TensorInfo | [],
): KernelConfig {
  return {
    kernelName: name,
    backendName: "wasm",
    kernelFunc({ inputs, attrs, backend }) {
      const instance = kernelInstance(backend as BackendWasm);
      const made: TensorInfo[] = [];
      const allocate: KernelInstance["allocate"] = (...of) => {
        made.push(instance.allocate(...of));
        return made.at(-1)!;
      };
      try {
        return run({ ...instance, allocate }, inputs as Inputs, attrs as Attributes);
      } catch (error) {
        made.forEach(instance.free);
        throw error;
      }
    },
  };
}
