import assert from "node:assert/strict";
import fc from "fast-check";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { kernelInstance } from "dlm/backend/kernels/_instance.ts";
import { installKernels } from "dlm/backend/kernels/mod.ts";
import relaxedSimd from "dlm/backend/kernels/relaxed_simd.wasm" with { type: "bytes" };
import simd from "dlm/backend/kernels/simd.wasm" with { type: "bytes" };
import { SHADERS } from "dlm/backend/webgpu/kernels/mod.ts";
import { Rng } from "dlm/rng.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { adapter, assertClose, assertNoLeak } from "../_support.ts";

/**
 * A test of each build of the kernels that this engine understands, and of the shaders where there
 * is a graphics card, with random arguments.
 */
export function testBuilds<Arguments extends unknown[]>(
  name: string,
  property: fc.IAsyncProperty<Arguments>,
  examples: Arguments[] = [],
): void {
  for (const [set, code] of [["relaxed-simd", relaxedSimd], ["simd", simd]] as const) {
    Deno.test({
      name: `${name} (${set})`,
      ignore: !WebAssembly.validate(code),
      fn: async () => {
        assert.equal(installKernels(set), set);
        try {
          await assertNoLeak(() => fc.assert(property, { numRuns: 40, seed: 1, examples }));
        } finally {
          installKernels();
        }
      },
    });
  }
  Deno.test({
    name: `${name} (webgpu)`,
    ignore: adapter.kind === "none",
    fn: async () => {
      await useBackend("webgpu");
      try {
        // Each size of head has shaders of its own, which take their time to be compiled.
        await assertNoLeak(() => fc.assert(property, { numRuns: 10, seed: 1, examples }));
      } finally {
        await useBackend("wasm");
      }
    },
  });
}

/** What something finds while the backend has only the kernels of tfjs. */
export async function withoutKernels<Result>(run: () => Promise<Result>): Promise<Result> {
  if (tf.getBackend() === "webgpu") {
    SHADERS.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, "webgpu"));
    return await run().finally(() => SHADERS.forEach(tf.registerKernel));
  }
  const { set } = kernelInstance(tf.backend() as BackendWasm);
  installKernels("none");
  return await run().finally(() => installKernels(set));
}

/** Standard normal numbers. */
export function normal(shape: [number, number], seed: number): tf.Tensor2D {
  const rng = new Rng(seed);
  return tf.tensor2d(Float32Array.from({ length: shape[0] * shape[1] }, () => rng.normal()), shape);
}

/** Whole numbers below `limit`. */
export function whole(length: number, limit: number, seed: number): tf.Tensor1D {
  const rng = new Rng(seed);
  const values = Array.from({ length }, () => Math.floor(rng.uniform() * limit));
  return tf.tensor1d(values, "int32");
}

/** Asserts that two lists of tensors have the same numbers, and disposes of them. */
export async function assertAllClose(
  actual: tf.Tensor[],
  expected: tf.Tensor[],
  tolerance = FLOAT32_TOLERANCE,
): Promise<void> {
  for (const [i, tensor] of actual.entries()) {
    assert.deepEqual(tensor.shape, expected[i]!.shape);
    assertClose(await tensor.data(), await expected[i]!.data(), tolerance);
  }
  tf.dispose([actual, expected]);
}
