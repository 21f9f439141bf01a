import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { guardMemory } from "dlm/backend/_memory.ts";
import {
  chooseKernels,
  isInWorker,
  KERNEL_WISHES,
  type KernelChoice,
  kernelsInUse,
  type KernelWish,
} from "dlm/backend/kernels/mod.ts";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm" with {
  type: "bytes",
};
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm" with {
  type: "bytes",
};

/**
 * TensorFlow.js with a backend ready to use: whoever imports `tf` from here needs no
 * set-up and sees no banner.
 */
export { KERNEL_WISHES, type KernelChoice, kernelsInUse, type KernelWish, tf };

/** The backends a model can run on: on the graphics card, and on the processor in two ways. */
export const BACKENDS = ["webgpu", "wasm", "cpu"] as const;

/** One of {@linkcode BACKENDS}. */
export type Backend = typeof BACKENDS[number];

/** Options for {@linkcode useBackend}. */
export interface BackendOptions {
  /** Which kernels the wasm backend is to use: `native`, in machine code, or `wasm`.
   * @default {those in use, at first what the environment variable DLM_KERNELS says, or else the
   * faster ones that work here; see {@linkcode kernelsInUse}}
   */
  kernels?: KernelWish | undefined;
}

/**
 * Makes `name` the backend on which tensors live from now on: `wasm`, which importing this module
 * chooses unless the environment variable DLM_BACKEND names another; `webgpu`, the graphics card,
 * which is faster for large models alone, and whose numbers can only be awaited; or `cpu`, plain
 * JavaScript, far slower but found everywhere.
 *
 * @throws {RangeError} if the backend does not exist or does not start here, or has no native
 * kernels where they are wanted
 */
export async function useBackend(name: Backend, options: BackendOptions = {}): Promise<void> {
  await startBackend(name);
  await chooseKernels(options.kernels);
}

async function startBackend(name: Backend): Promise<void> {
  if (!BACKENDS.includes(name)) {
    throw new RangeError(`There is no backend ${name}: choose one of ${BACKENDS.join(", ")}.`);
  }
  if (name === "webgpu") await (await import("dlm/backend/webgpu/device.ts")).openGpu();
  if (!await tf.setBackend(name)) {
    throw new RangeError(`The backend ${name} does not start on this machine: try cpu.`);
  }
  await tf.ready();
  if (name === "cpu") tf.env().set("IS_NODE", false); // else its first op prints an advertisement
  guardMemory();
}

/**
 * What the environment wishes for, if it may be read.
 *
 * @throws {RangeError} if it wishes for what there is not
 */
function wishOfEnvironment<Wish extends string>(
  variable: string,
  wishes: readonly Wish[],
): Wish | undefined {
  if (!("Deno" in globalThis)) return undefined;
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  const value = Deno.env.get(variable);
  if (!value) return undefined;
  const wish = wishes.find((name) => name === value);
  if (wish) return wish;
  throw new RangeError(`${variable} is ${value}: set it to ${wishes.join(" or ")}.`);
}

/** The backend that the environment wishes for; Workers are the processor's. */
export function backendOfEnvironment(): Backend | undefined {
  return isInWorker() ? undefined : wishOfEnvironment("DLM_BACKEND", BACKENDS);
}

/**
 * Where tfjs finds its WebAssembly: in blobs, so that loading it asks for no permission
 * to read files. Its threads never start in Deno, so the threaded build is not needed;
 * tfjs wants an address for it all the same.
 */
function embedWasm() {
  const address = (bytes: Uint8Array<ArrayBuffer>) =>
    URL.createObjectURL(new Blob([bytes], { type: "application/wasm" }));
  const simdAddress = address(simd);
  setWasmPaths({
    "tfjs-backend-wasm.wasm": address(plain),
    "tfjs-backend-wasm-simd.wasm": simdAddress,
    "tfjs-backend-wasm-threaded-simd.wasm": simdAddress,
  }, true);
}

embedWasm();
await startBackend("wasm").catch(() => startBackend("cpu"));
await chooseKernels(wishOfEnvironment("DLM_KERNELS", KERNEL_WISHES));
const asked = backendOfEnvironment();
if (asked && asked !== "wasm") await startBackend(asked);
