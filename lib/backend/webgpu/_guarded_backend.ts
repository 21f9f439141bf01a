import { type TypedArray, util } from "@tensorflow/tfjs";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { GpuError } from "./gpu_error.ts";

type DataId = Parameters<WebGPUBackend["refCount"]>[0];

/**
 * tfjs's backend, but no number leaves a device that has failed. A device tells of a shader that
 * does not compile, or of a want of memory, when nobody waits for it, and goes on with whatever was
 * in its memory; tfjs does not listen.
 */
export class GuardedBackend extends WebGPUBackend {
  #failure: string | undefined;

  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    super(device, info);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // it is thrown at the next read, not printed
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??= `refused to compute: ${firstLine(error.message)}`;
    });
    device.lost.then(({ message }) => this.#failure ??= `was lost: ${firstLine(message)}`);
  }

  /** Whether anything has gone wrong since the device was opened. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * The numbers of a tensor. Unlike tfjs's, no copy of them stays on the processor, since kernels
   * that change a tensor where it is would leave the copy as it was.
   *
   * @throws {GpuError} if the device has failed
   */
  override async read(dataId: DataId): Promise<TypedArray> {
    const { values, resource, dtype } = this.tensorMap.get(dataId);
    this.#check();
    if (values) return values as TypedArray;
    try {
      const bytes = await this.getBufferData(resource as GPUBuffer);
      this.#check();
      return util.convertBackendValuesAndArrayBuffer(bytes, dtype) as TypedArray;
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve)); // in which the device says why
      throw this.#explain(error);
    }
  }

  /** @throws {TypeError} unless the numbers were never on the device */
  override readSync(dataId: DataId): TypedArray {
    const { values } = this.tensorMap.get(dataId);
    if (values) return values as TypedArray;
    throw new TypeError("What is on the graphics card can only be awaited: use data() or array().");
  }

  override uploadToGPU(dataId: DataId): void {
    try {
      super.uploadToGPU(dataId);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#error(this.#failure);
  }

  /** An error for people in the place of a device's own; others are what they are. */
  #explain(error: unknown): unknown {
    if (!(error instanceof DOMException)) return error;
    return this.#error(this.#failure ??= `cannot be used: ${firstLine(error.message)}`);
  }

  #error(failure: string): GpuError {
    return new GpuError(
      `The graphics card ${failure}; start again with --backend wasm or DLM_BACKEND=wasm, ` +
        `a training run with --resume from its last checkpoint.`,
    );
  }
}

function firstLine(message: string): string {
  return message.trim().split("\n")[0]!.replace(/\.$/, "");
}
