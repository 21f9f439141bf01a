import { tf } from "dlm/backend/backend.ts";
import { createLearner } from "dlm/learner.ts";
import { initialParameters, type TransformerConfig } from "dlm/model.ts";
import { exactCountNoise } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";

/** What one kind of op cost in a training step. */
export interface OpCost {
  op: string;
  calls: number;
  milliseconds: number;
}

/** The ops of one training step on random text in this thread, the dearest first. */
export async function profileStep(config: TransformerConfig, batch: number): Promise<OpCost[]> {
  const start = { parameters: initialParameters(config, new Rng(1)) };
  await using learner = createLearner({ config, start, microBatch: batch });
  const rng = new Rng(2);
  const { vocabularySize, context } = config;
  const windows = Array.from(
    { length: batch },
    () => Int32Array.from({ length: context }, () => rng.integer(vocabularySize)),
  );
  const step = (n: number) =>
    learner.step(exactCountNoise(windows, { maskId: vocabularySize, rng }), {
      step: n,
      learningRate: 1e-3,
      matrixLearningRate: 1e-2,
    });
  for (let n = 1; n <= 5; n++) await step(n); // V8 compiles hot code better after some calls
  const { kernels } = await tf.profile(async () => {
    await step(6);
    return [];
  });
  const costs = [...Map.groupBy(kernels, ({ name }) => name)].map(async ([op, calls]) => {
    const times = await Promise.all(calls.map((call) => Number(call.kernelTimeMs)));
    return { op, calls: calls.length, milliseconds: times.reduce((sum, time) => sum + time, 0) };
  });
  return (await Promise.all(costs)).sort((a, b) => b.milliseconds - a.milliseconds);
}
