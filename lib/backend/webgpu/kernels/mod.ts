import type { KernelConfig } from "@tensorflow/tfjs";
import { adamWKernel } from "./_adamw.ts";
import { attentionKernels } from "./_attention.ts";
import { addToKernel, quadraticKernel, reluSquaredKernels, weightedSumKernel } from "./_numbers.ts";
import { lookAheadKernel, moveAlongKernel, unitNormKernel } from "./_muon.ts";
import { rmsNormKernels } from "./_rms_norm.ts";
import { neighbourIndicesKernel, sumRowsKernels } from "./_sum_rows.ts";
import { sumsOfSquaresKernel } from "./_sums.ts";
import { surprisalsKernels } from "./_surprisals.ts";

/**
 * Shaders for the ops of `lib/ops` and `lib/optimizer`, under the names of the wasm backend's
 * kernels: few launches where plain ops would be many, since each costs about as much as it does.
 */
export const SHADERS: readonly KernelConfig[] = [
  ...attentionKernels,
  ...reluSquaredKernels,
  ...rmsNormKernels,
  ...sumRowsKernels,
  ...surprisalsKernels,
  neighbourIndicesKernel,
  weightedSumKernel,
  addToKernel,
  adamWKernel,
  lookAheadKernel,
  moveAlongKernel,
  quadraticKernel,
  unitNormKernel,
  sumsOfSquaresKernel,
];
