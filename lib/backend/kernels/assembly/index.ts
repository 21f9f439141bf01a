// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

export { attention, attentionGradient, attentionWork } from "./attention/attention.ts";
export { multiplyAdds } from "./ceiling.ts";
export { matmul, matmulScratch, mirror, useScratch } from "./matmul/matmul.ts";
export { neighbourIndices } from "./embedding/neighbours.ts";
export { adamW } from "./optimizer/adamw.ts";
export { lookAhead, moveAlong, quadratic, unitNorm } from "./optimizer/muon.ts";
export { addTo, sumOfSquares } from "./optimizer/sums.ts";
export { reluSquared, reluSquaredGradient } from "./relu_squared.ts";
export { rmsNorm, rmsNormGradient } from "./rms_norm.ts";
export { sumRows, sumRowsGradient } from "./embedding/sum_rows.ts";
export { surprisals, surprisalsGradient } from "./surprisals.ts";
export { weightedSum } from "./optimizer/weighted_sum.ts";
