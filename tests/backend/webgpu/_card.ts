import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { adapter } from "../../_support.ts";

/** A test that needs a graphics card, if only one that the processor plays; where there is none, it
 * is left out. */
export function testOnCard(
  name: string,
  run: (backend: WebGPUBackend) => void | Promise<void>,
): void {
  const ignore = adapter.kind === "none";
  Deno.test(`${name} (webgpu)`, { ignore }, async () => {
    await useBackend("webgpu");
    try {
      await run(tf.backend() as WebGPUBackend);
    } finally {
      await useBackend("wasm");
    }
  });
}
