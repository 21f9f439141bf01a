import { tf } from "dlm/backend/backend.ts";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { Transformer } from "dlm/model.ts";
import { lossAndGradients, noisyLoss } from "dlm/objective.ts";
import { type NoisySequence, pack } from "./_batches.ts";
import { FLOAT32_TOLERANCE } from "./_reference.ts";
import { assertClose, take, testOnEachBackend } from "./_support.ts";
// What PyTorch makes of the same numbers, in doubles; reference.py beside it says how.
import reference from "./fixtures/reference.json" with { type: "json" };

const { config, learningRates, matrixLearningRates } = reference;

const numbers = (text: string) => text.split(" ").map(Number);

const parameters: NamedArrays = Object.fromEntries(
  Object.entries(reference.parametersTimes64).map(([name, text]) => [
    name,
    Float32Array.from(numbers(text), (x) => x / 64),
  ]),
);

/** The sequences of a step, from 0 on, with the weights of the exact-count bound. */
function sequencesOf(step: number): NoisySequence[] {
  return reference.clean.map((text, b) => {
    const noisy = Int32Array.from(numbers(reference.noisy[step]![b]!));
    const hidden = [...noisy].map((id) => id === config.vocabularySize ? 1 : 0);
    const count = hidden.filter(Boolean).length;
    const weights = Float32Array.from(hidden, (h) => h / count / reference.clean.length);
    return { clean: Int32Array.from(numbers(text)), noisy, weights };
  });
}

const batchOf = (step: number) => pack(sequencesOf(step));

testOnEachBackend("the model's logits are PyTorch's", async () => {
  using model = new Transformer(config, parameters);
  const tokens = sequencesOf(0).map(({ noisy }) => [...noisy]);
  const logits = tf.tidy(() => model.logits(tf.tensor2d(tokens, undefined, "int32")));
  assertClose((await take(logits)).flat(), numbers(reference.logits), FLOAT32_TOLERANCE);
});

testOnEachBackend("the gradient of the loss is PyTorch's, parameter by parameter", async () => {
  using model = new Transformer(config, parameters);
  const { loss, gradients } = lossAndGradients(model, batchOf(0));
  assertClose(await loss.data(), [reference.losses[0]!], FLOAT32_TOLERANCE);
  for (const [name, text] of Object.entries(reference.gradients)) {
    assertClose(await gradients[name]!.data(), numbers(text), FLOAT32_TOLERANCE);
  }
  tf.dispose([loss, gradients]);
});

testOnEachBackend("ten steps of training are PyTorch's, and so is the averaged model", async () => {
  await using learner = createLearner({ config, start: { parameters }, microBatch: 2 });
  for (const [i, learningRate] of learningRates.entries()) {
    const rates = { learningRate, matrixLearningRate: matrixLearningRates[i]! };
    const { loss, gradientNorm } = await learner.step(batchOf(i), { step: i + 1, ...rates });
    assertClose([loss], [reference.losses[i]!], FLOAT32_TOLERANCE);
    assertClose([gradientNorm], [reference.gradientNorms[i]!], FLOAT32_TOLERANCE);
  }
  using average = new Transformer(config, await learner.state("average"));
  const loss = noisyLoss(average, batchOf(0));
  assertClose(await loss.data(), [reference.averageLoss], FLOAT32_TOLERANCE);
  loss.dispose();
});
