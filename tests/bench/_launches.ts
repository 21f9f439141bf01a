import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { SHADERS } from "dlm/backend/webgpu/kernels/mod.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { initialParameters, type TransformerConfig } from "dlm/model.ts";
import { rootCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** What a training step asks of the graphics card: the same on every card, be it in software. */
export interface Traffic {
  /** Shaders started … */
  launches: number;
  /** … and in how many parcels. */
  submissions: number;
  /** Tensors sent to the card, and their bytes. */
  uploads: number;
  bytesUp: number;
  /** Bytes read back. */
  bytesDown: number;
  /** Bytes that the card has set aside, after it. */
  bytesKept: number;
  /** Seconds until all of it is done. */
  seconds: number;
}

/** The traffic of a training step with our shaders, and with tfjs's plain ops in their place. */
export async function compareTraffic(config: TransformerConfig, batch: number) {
  await useBackend("webgpu");
  const shaders = await measureTraffic(config, batch);
  SHADERS.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, "webgpu"));
  const plain = await measureTraffic(config, batch);
  SHADERS.forEach(tf.registerKernel);
  return { shaders, plain };
}

async function measureTraffic(config: TransformerConfig, batch: number): Promise<Traffic> {
  const start = { parameters: initialParameters(config, new Rng(1)) };
  await using learner = createLearner({ config, start, microBatch: batch });
  const rng = new Rng(2);
  const windows = Array.from(
    { length: batch / 2 },
    () => Int32Array.from({ length: config.context }, () => rng.integer(config.vocabularySize)),
  );
  const noisy = rootCountNoise(windows, { maskId: config.vocabularySize, rng });
  const step = async (n: number) => {
    await learner.step(noisy, { step: n, learningRate: 1e-3, matrixLearningRate: 1e-2 });
    await (tf.backend() as WebGPUBackend).device.queue.onSubmittedWorkDone();
  };
  for (let n = 1; n <= 2; n++) await step(n); // shaders are compiled, and memory is set aside
  using counter = countTraffic(tf.backend() as WebGPUBackend);
  const begin = performance.now();
  await step(3);
  const seconds = (performance.now() - begin) / 1000;
  const { numBytesAllocatedInGPU } = tf.memory() as unknown as { numBytesAllocatedInGPU: number };
  return { ...counter.traffic, bytesKept: numBytesAllocatedInGPU, seconds };
}

/** Counts what goes to a card and comes from it until disposed of. */
function countTraffic(backend: WebGPUBackend) {
  const traffic = { launches: 0, submissions: 0, uploads: 0, bytesUp: 0, bytesDown: 0 };
  const { runWebGPUProgram, submitQueue, uploadToGPU, getBufferData } = backend;
  Object.assign(backend, {
    runWebGPUProgram(...args: Parameters<typeof runWebGPUProgram>) {
      traffic.launches++;
      return runWebGPUProgram.apply(backend, args);
    },
    submitQueue() {
      traffic.submissions++;
      submitQueue.apply(backend);
    },
    uploadToGPU(...args: Parameters<typeof uploadToGPU>) {
      const { resource, values } = backend.tensorMap.get(args[0]);
      if (!resource && values) {
        traffic.uploads++;
        traffic.bytesUp += 4 * values.length;
      }
      uploadToGPU.apply(backend, args);
    },
    getBufferData(...args: Parameters<typeof getBufferData>) {
      traffic.bytesDown += args[0].size;
      return getBufferData.apply(backend, args);
    },
  });
  return {
    traffic,
    [Symbol.dispose]() {
      for (const name of ["runWebGPUProgram", "submitQueue", "uploadToGPU", "getBufferData"]) {
        delete (backend as unknown as Record<string, unknown>)[name]; // the class's own are below
      }
    },
  };
}

export function showTraffic(rows: Record<string, Traffic>): void {
  console.table(
    Object.fromEntries(
      Object.entries(rows).map(([name, row]) => [name, {
        launches: row.launches,
        submissions: row.submissions,
        uploads: row.uploads,
        "kB up": Math.round(row.bytesUp / 1000),
        "kB down": Number((row.bytesDown / 1000).toFixed(1)),
        "MB on the card": Math.round(row.bytesKept / 1e6),
        seconds: Number(row.seconds.toPrecision(3)),
      }]),
    ),
  );
}
