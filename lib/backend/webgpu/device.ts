import * as tf from "@tensorflow/tfjs";
import { registerGradients } from "dlm/backend/kernels/mod.ts";
import { findAdapter } from "./adapter.ts";
import { GuardedBackend } from "./_guarded_backend.ts";
import { SHADERS } from "./kernels/mod.ts";

/**
 * Opens the graphics card as tfjs's backend `webgpu`, unless it is open already and well.
 *
 * @throws {RangeError} if there is none, not even one in software
 */
export async function openGpu(): Promise<void> {
  if (isOpen()) return;
  const adapter = await findAdapter();
  if (adapter.kind === "none") {
    throw new RangeError(
      "There is no graphics card that can be reached from here: deno task doctor says what is missing.",
    );
  }
  const device = await openDevice(adapter.gpu);
  if (tf.engine().registryFactory.webgpu) tf.removeBackend("webgpu"); // tfjs's own, or one that failed
  tf.registerBackend("webgpu", () => new GuardedBackend(device, adapter.gpu.info));
  for (const config of SHADERS) {
    if (!tf.getKernel(config.kernelName, "webgpu")) tf.registerKernel(config);
  }
  registerGradients();
}

function isOpen(): boolean {
  const backend = tf.engine().registry.webgpu; // findBackend() would have tfjs open its own
  return backend instanceof GuardedBackend && !backend.failed;
}

/** Limits of which tfjs wants as much as there is, and more of the last than it asks for itself:
 * it adds up to as many tensors in a shader as it is given. */
const LIMITS = [
  "maxBufferSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
] as const;

/** Opens a device with the limits of its adapter; those of a device are by default the least. */
async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const limits = LIMITS.map((name) => [name, adapter.limits[name]] as const);
  const timing = "timestamp-query" as const; // which a profile wants
  return await adapter.requestDevice({
    requiredFeatures: adapter.features.has(timing) ? [timing] : [],
    requiredLimits: Object.fromEntries(limits),
  });
}
