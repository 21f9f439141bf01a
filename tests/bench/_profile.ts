import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { tf } from "dlm/backend/backend.ts";
import { kernelInstance } from "dlm/backend/kernels/_instance.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { initialParameters, type TransformerConfig } from "dlm/model.ts";
import { exactCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** What one kind of op cost in a training step. */
interface OpCost {
  /** Its name; for a matrix product also rows × depth × columns, after how many at once. */
  op: string;
  calls: number;
  milliseconds: number;
  /** What share of a core's highest rate of multiply-adds a matrix product reached. */
  ofCeiling?: number;
}

/** One op that ran, as tfjs tells of it. */
interface Kernel {
  name: string;
  inputShapes: (number[] | null)[];
  outputShapes: number[][];
  kernelTimeMs: number | { error: string } | Promise<number | { error: string }>;
}

/** How often everything is measured; the fastest counts, as others may want the core too. */
const ROUNDS = 5;

/** The ops of a training step on random text in this thread, the dearest first. */
export async function profileStep(config: TransformerConfig, batch: number): Promise<OpCost[]> {
  const start = { parameters: initialParameters(config, new Rng(1)) };
  await using learner = createLearner({ config, start, microBatch: batch });
  const rng = new Rng(2);
  const { vocabularySize, context } = config;
  const windows = Array.from(
    { length: batch },
    () => Int32Array.from({ length: context }, () => rng.integer(vocabularySize)),
  );
  const noisy = exactCountNoise(windows, { maskId: vocabularySize, rng });
  const step = (n: number) =>
    learner.step(noisy, { step: n, learningRate: 1e-3, matrixLearningRate: 1e-2 });
  const warmUp = 5; // V8 compiles hot code better after some calls
  for (let n = 1; n <= warmUp; n++) await step(n);
  const perSecond = ceiling();
  const profiles: Map<string, Kernel[]>[] = [];
  for (let n = 1; n <= ROUNDS; n++) {
    const { kernels } = await tf.profile(async () => {
      await step(warmUp + n);
      return [];
    });
    profiles.push(Map.groupBy(kernels as Kernel[], (kernel) => describe(kernel)));
  }
  const costs = [...profiles[0]!].map(async ([op, calls]) => {
    const milliseconds = Math.min(
      ...await Promise.all(profiles.map((ops) => total(ops.get(op)!))),
    );
    const work = flops(calls[0]!) * calls.length;
    const cost: OpCost = { op, calls: calls.length, milliseconds };
    if (work > 0) cost.ofCeiling = work / (milliseconds / 1000) / perSecond;
    return cost;
  });
  return (await Promise.all(costs)).sort((a, b) => b.milliseconds - a.milliseconds);
}

async function total(calls: Kernel[]): Promise<number> {
  const times = await Promise.all(calls.map(({ kernelTimeMs }) => kernelTimeMs));
  return times.reduce<number>((sum, time) => sum + Number(time), 0);
}

function describe(kernel: Kernel): string {
  if (kernel.name !== tf.BatchMatMul) return kernel.name;
  const { count, rows, depth, columns } = product(kernel);
  const several = count > 1 ? `${count} of ` : "";
  return `${kernel.name}, ${several}${rows} × ${depth} × ${columns}`;
}

/** The multiplications and additions of a matrix product; of others none are counted. */
function flops(kernel: Kernel): number {
  if (kernel.name !== tf.BatchMatMul) return 0;
  const { count, rows, depth, columns } = product(kernel);
  return 2 * count * rows * depth * columns;
}

/** The sizes of a matrix product, whichever of its factors is transposed. */
function product({ inputShapes, outputShapes }: Kernel) {
  const shape = outputShapes[0]!;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const count = tf.util.sizeFromShape(shape.slice(0, -2));
  const [a, b] = inputShapes[0]!.slice(-2) as [number, number];
  return { count, rows, columns, depth: a * b / rows };
}

/** The most multiplications and additions that this core does in a second. */
function ceiling(): number {
  const { kernels } = kernelInstance(tf.backend() as BackendWasm);
  const loops = 1_000_000; // some two milliseconds
  const times = Array.from({ length: 10 * ROUNDS }, () => {
    const start = performance.now();
    kernels.multiplyAdds(loops);
    return (performance.now() - start) / 1000;
  });
  return 96 * loops / Math.min(...times);
}
