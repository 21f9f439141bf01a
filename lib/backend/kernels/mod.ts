import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { attention } from "./_attention.ts";
import { matmulKernel, symmetricMatmulKernel } from "./_matmul.ts";
import { fastestSet, instantiateKernels, type KernelSet } from "./_native.ts";
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
 * @param set which build of them; a test may want one other than the fastest, and a
 * comparison with tfjs as it comes none
 * @returns which build runs from now on: `none` on other backends and where the engine
 * knows no SIMD
 */
export function installKernels(set: KernelSet = fastestSet()): KernelSet {
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
  for (const { gradient } of FUSIONS) {
    if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
  }
  return set;
}
