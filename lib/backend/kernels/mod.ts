import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { attention } from "./_attention.ts";
import { matmulKernel, symmetricMatmulKernel } from "./_matmul.ts";
import { fastestSet, instantiateKernels, type KernelSet } from "./_instance.ts";
import type { NativeChoice } from "dlm/backend/native/choice.ts";
import { neighbourIndicesKernel } from "./embedding/neighbours.ts";
import { reluSquared } from "./_relu_squared.ts";
import { rmsNorm } from "./_rms_norm.ts";
import { sumRows } from "./embedding/sum_rows.ts";
import { surprisals } from "./_surprisals.ts";
import { OPTIMIZER_KERNELS } from "./optimizer/mod.ts";

export type { KernelSet };

/**
 * Another tensor with the same numbers, which tfjs makes of everything a gradient will need:
 * a second reference to them, as on other backends, where the wasm backend would copy them.
 */
const identityKernel: tf.KernelConfig = {
  kernelName: tf.Identity,
  backendName: "wasm",
  kernelFunc({ inputs, backend }) {
    const { dataId, shape, dtype } = inputs.x!;
    (backend as BackendWasm).incRef(dataId as tf.DataId);
    return { dataId, shape, dtype };
  },
};

const FUSIONS = [attention, reluSquared, rmsNorm, sumRows, surprisals];

const KERNELS = [
  identityKernel,
  matmulKernel,
  symmetricMatmulKernel,
  neighbourIndicesKernel,
  ...OPTIMIZER_KERNELS,
  ...FUSIONS.flatMap(({ kernels }) => kernels),
];

/** The kernels of tfjs that ours took the place of, by name. */
const stock = new Map<string, tf.KernelConfig>();

/**
 * Gives the current tfjs backend, if it is the wasm one, kernels of our own: some in place
 * of those that hold training back, and some that do the work of many, which the ops in
 * `lib/ops` use where they find them. Harmless to repeat.
 *
 * @param set which build of them; a test may want one other than that which was chosen, and a
 * comparison with tfjs as it comes none. Those in machine code are for {@linkcode chooseKernels}
 * to install, which asks first whether it works here, and for Workers, which follow
 * @returns which build runs from now on: `none` on other backends and where the engine
 * knows no SIMD
 * @throws {Error} if machine code does not work in this thread
 */
export function installKernels(set: KernelSet = chosen?.set ?? fastestSet()): KernelSet {
  if (tf.getBackend() !== "wasm") return "none";
  if (set !== "none") instantiateKernels(tf.backend() as BackendWasm, set);
  for (const config of KERNELS) {
    const { kernelName } = config;
    const present = tf.getKernel(kernelName, "wasm");
    if (present && present.kernelFunc !== config.kernelFunc) stock.set(kernelName, present);
    const wanted = set === "none" ? stock.get(kernelName) : config;
    if (present?.kernelFunc === wanted?.kernelFunc) continue;
    if (present) tf.unregisterKernel(kernelName, "wasm");
    if (wanted) tf.registerKernel(wanted);
  }
  registerGradients();
  return installed = set;
}

/** Makes the gradients of our fusions known to tfjs, whose they are on every backend. */
export function registerGradients(): void {
  for (const { gradient } of FUSIONS) {
    if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
  }
}

/** Which kernels to use: in machine code, in WebAssembly, or as is best on this machine. */
export const KERNEL_WISHES = ["native", "wasm"] as const;

/** One of {@linkcode KERNEL_WISHES}. */
export type KernelWish = typeof KERNEL_WISHES[number];

/** Which kernels run, and why these, as a sentence. */
export interface KernelChoice {
  /** Those of the wasm backend, or the shaders of webgpu. */
  set: KernelSet | "shaders";
  reason: string;
}

/** A choice for the wasm backend. */
type WasmChoice = KernelChoice & { set: KernelSet };

let chosen: WasmChoice | undefined;
let installed: KernelSet = "none";

/** The kernels of the current backend. */
export function kernelsInUse(): KernelChoice {
  const backend = tf.getBackend();
  if (backend === "webgpu") return { set: "shaders", reason: "The graphics card runs them." };
  if (backend !== "wasm") return { set: "none", reason: `The backend is ${backend}.` };
  if (installed === chosen?.set) return chosen;
  return { set: installed, reason: "They were installed by name." };
}

/**
 * Chooses kernels for the wasm backend and installs them, unless they are chosen already and
 * nothing is wished for.
 *
 * @throws {RangeError} if machine code is wished for and cannot be used
 */
export async function chooseKernels(wish?: KernelWish): Promise<void> {
  if (tf.getBackend() !== "wasm") {
    if (wish !== "native") return;
    throw new RangeError("Only the backend wasm has native kernels: leave --backend out.");
  }
  if (!chosen || wish) chosen = await choose(wish);
  installKernels();
}

async function choose(wish?: KernelWish): Promise<WasmChoice> {
  const set = fastestSet();
  if (wish === "wasm") return { set, reason: "WebAssembly was asked for." };
  const { reason, set: native } = install(await findNative(wish === "native"));
  if (native) return { set: native, reason };
  if (wish !== "native") return { set, reason };
  throw new RangeError(`Native kernels cannot be used. ${reason}`);
}

async function findNative(insist: boolean): Promise<NativeChoice> {
  if (!("Deno" in globalThis)) return { reason: "Only Deno can call machine code." };
  if (fastestSet() === "none") return { reason: "This engine knows no SIMD." };
  if (isInWorker() && !insist) return { reason: "A Worker uses what it is told to." };
  // What a browser could not even read:
  const { chooseNative, ingredientsHere } = await import("dlm/backend/native/choice.ts");
  return await chooseNative(ingredientsHere({ insist }));
}

/** The sets of kernels that work here, from the narrowest vectors to the widest: to compare them. */
export async function workingKernels(): Promise<KernelSet[]> {
  const set = fastestSet();
  if (!("Deno" in globalThis) || set === "none") return [set];
  const { workingVectors } = await import("dlm/backend/native/choice.ts");
  return [set, ...(await workingVectors()).map((vectors) => `native ${vectors}` as const)];
}

/** Installs machine code, if it was chosen, and works in this thread too. */
function install({ set, reason }: NativeChoice): { set?: KernelSet; reason: string } {
  if (!set) return { reason };
  try {
    return { set: installKernels(`native ${set}`), reason };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Of all that runs in a process, one thread chooses. */
export function isInWorker(): boolean {
  const { WorkerGlobalScope: Scope } = globalThis as { WorkerGlobalScope?: unknown };
  return typeof Scope === "function" && globalThis instanceof Scope;
}
