import { kernelsInUse, tf } from "dlm/backend/backend.ts";

/** What a result was made with, to be printed beside it. */
export function provenance(seed: number): string {
  return `seed ${seed} · ${tf.getBackend()} backend, ${kernelsInUse().set} kernels · ` +
    `TensorFlow.js ${tf.version.tfjs} · Deno ${Deno.version.deno}`;
}
