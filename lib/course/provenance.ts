import { kernelsInUse, tf } from "dlm/backend/backend.ts";

/** What a result was made with, to be printed beside it. */
export function provenance(seed: number): string {
  const { set } = kernelsInUse();
  const kernels = set === "none" ? "" : `, ${set} kernels`;
  return `seed ${seed} · ${tf.getBackend()} backend${kernels} · ` +
    `TensorFlow.js ${tf.version.tfjs} · Deno ${Deno.version.deno}`;
}
