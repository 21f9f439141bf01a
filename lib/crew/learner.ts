import { tf } from "dlm/backend/backend.ts";
import { ALONE, ownersOf, spreadOverTeam, sumOverTeam, type Team } from "dlm/optimizer/team.ts";
import { type NoisyBatch, partsOf } from "dlm/batch.ts";
import { assignAll, type NamedArrays, readAll } from "dlm/backend/variables.ts";
import { parameterShapes, Transformer, type TransformerConfig } from "dlm/model.ts";
import { type LossAndGradients, lossAndGradients } from "dlm/objective.ts";
import { addTo } from "dlm/ops/add_to.ts";
import { Optimizer, type OptimizerOptions, type Step, stepWork } from "dlm/optimizer/optimizer.ts";

/** Everything that changes as a model learns, as plain numbers: what a checkpoint keeps. */
export interface LearnerState {
  /** The parameters. */
  parameters: NamedArrays;
  /** Their running mean, the model to sample from. */
  average: NamedArrays;
  /** The running mean of the gradient. */
  mean: NamedArrays;
  /** The running mean of the gradient's square, for the parameters that are AdamW's. */
  meanSquare: NamedArrays;
}

/** The parts of a {@linkcode LearnerState}. */
export const STATE_PARTS = ["parameters", "average", "mean", "meanSquare"] as const;

/** What a step found. */
export interface StepResult {
  /** The loss before the step, in nats per character; of a team, each has its share. */
  loss: number;
  /** The norm of its gradient before clipping. */
  gradientNorm: number;
}

/** A model that learns, here or elsewhere. */
export interface Learner extends AsyncDisposable {
  /** Takes one step on a batch, whose weights add up its loss. */
  step(batch: NoisyBatch, step: Step): Promise<StepResult>;
  /** One part of its state, copied; of a team, each has its share. */
  state(part: keyof LearnerState): Promise<NamedArrays>;
}

/** Options for {@linkcode createLearner}. */
export interface LearnerOptions extends OptimizerOptions {
  config: TransformerConfig;
  /** Where to start: the parameters alone, or the whole state of an earlier run. */
  start: Pick<LearnerState, "parameters"> & Partial<LearnerState>;
  /** How many sequences go through the model at once: their gradients are added, so this
   * bounds the memory and changes nothing else. */
  microBatch: number;
}

/**
 * A model that learns in this thread. In a team each looks after a share of the parameters: it
 * alone has the optimizer's memory of them and takes their step, and gives the others the result
 * (Rajbhandari et al., 2020, "ZeRO").
 *
 * @param team who else learns from the same batches and takes the same steps, if anybody
 * @throws {RangeError} if the config or the micro-batch makes no sense, or the parameters do not fit
 */
export function createLearner(options: LearnerOptions, team: Team = ALONE): Learner {
  const { config, start, microBatch, muon } = options;
  if (!(Number.isSafeInteger(microBatch) && microBatch >= 1)) {
    throw new RangeError(
      `A micro-batch of ${microBatch} sequences cannot be trained on: give a whole number of at least 1.`,
    );
  }
  using stack = new DisposableStack();
  const model = stack.use(new Transformer(config, start.parameters));
  const shapes = Object.entries(parameterShapes(config));
  const work = shapes.map(([name, shape]) => [name, stepWork(name, shape, { muon })] as const);
  const owners = ownersOf(Object.fromEntries(work), team.size);
  const own = Object.fromEntries(
    Object.entries(model.parameters).filter(([name]) => owners[name] === team.rank),
  );
  const optimizer = stack.use(new Optimizer(own, team, { muon }));
  const variables = { parameters: own, ...optimizer.state };
  for (const part of STATE_PARTS) {
    if (start[part]) assignAll(variables[part], start[part]);
  }
  const owned = stack.move();
  return {
    async step(batch, step) {
      const { loss, gradients } = accumulate(model, batch, microBatch);
      const sums = sumOverTeam(gradients, owners, team);
      try {
        // Both are read before the parameters move: a GPU still moves them while the next step begins.
        const [[value], gradientNorm] = await Promise.all([
          loss.data(),
          optimizer.step(sums, step),
        ]);
        spreadOverTeam(model.parameters, owners, team);
        return { loss: value!, gradientNorm };
      } finally {
        tf.dispose([loss, sums]);
      }
    },
    state: (part) => readAll(variables[part]),
    [Symbol.asyncDispose]() {
      owned.dispose();
      return Promise.resolve();
    },
  };
}

/** The loss and gradient of a batch, one micro-batch after the other. */
function accumulate(model: Transformer, batch: NoisyBatch, microBatch: number): LossAndGradients {
  let sum: LossAndGradients | undefined;
  try {
    for (const part of partsOf(batch, microBatch)) {
      const next = lossAndGradients(model, part);
      sum = sum ? add(sum, next) : next;
    }
  } catch (error) {
    if (sum) tf.dispose([sum.loss, sum.gradients]);
    throw error;
  }
  if (!sum) throw new RangeError("There is nothing to learn: give at least one sequence.");
  return sum;
}

/** The sum of both, which are disposed of. */
function add(a: LossAndGradients, b: LossAndGradients): LossAndGradients {
  const sums = Object.entries(a.gradients).map(([name, sum]) => {
    return [name, addTo(sum, b.gradients[name]!)] as const;
  });
  const loss = addTo(a.loss, b.loss);
  tf.dispose([b.loss, b.gradients]);
  return { loss, gradients: Object.fromEntries(sums) };
}
