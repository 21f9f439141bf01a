// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

export { attention, attentionGradient, attentionWork } from "./attention.ts";
export { multiplyAdds } from "./ceiling.ts";
export { gatherRows, gatherRowsGradient } from "./gather_rows.ts";
export { matmul, matmulScratch } from "./matmul.ts";
export { reluSquared, reluSquaredGradient } from "./relu_squared.ts";
export { rmsNorm, rmsNormGradient } from "./rms_norm.ts";
export { surprisals, surprisalsGradient } from "./surprisals.ts";
