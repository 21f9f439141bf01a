import type { KernelConfig } from "@tensorflow/tfjs";
import { adamWKernel } from "./_adamw.ts";
import { lookAheadKernel, moveAlongKernel, quadraticKernel, unitNormKernel } from "./_muon.ts";
import { addToKernel, sumsOfSquaresKernel } from "./_sums.ts";
import { weightedSumKernel } from "./_weighted_sum.ts";

/** What an optimizer does to parameters, mostly in place. */
export const OPTIMIZER_KERNELS: readonly KernelConfig[] = [
  adamWKernel,
  lookAheadKernel,
  unitNormKernel,
  quadraticKernel,
  moveAlongKernel,
  addToKernel,
  sumsOfSquaresKernel,
  weightedSumKernel,
];
