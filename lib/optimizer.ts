import { mix } from "dlm/_mix.ts";
import { ALONE, type Team } from "dlm/_team.ts";
import type { NamedVariables } from "dlm/_variables.ts";
import { adamWDirection } from "dlm/adamw.ts";
import { tf } from "dlm/backend/backend.ts";
import { muonDirections } from "dlm/muon.ts";

/** The largest norm of the whole gradient; a larger one is scaled down to it. */
const CLIP_NORM = 1;
/** How much of a parameter decays a step, times the learning rate. */
const WEIGHT_DECAY = 0.1;
/** How slowly the averaged parameters follow the trained ones. */
const AVERAGE_DECAY = 0.995;

/** What the optimizer remembers, by parameter. */
export interface OptimizerState {
  /** The running mean of the gradient. */
  mean: NamedVariables;
  /** The running mean of the gradient's square, for the parameters that are AdamW's. */
  meanSquare: NamedVariables;
  /** The running mean of the parameter, which predicts better than its last value. */
  average: NamedVariables;
}

/** One optimisation step. */
export interface Step {
  /** Which step, from 1 on. */
  step: number;
  /** AdamW's, for the embedding and the head. */
  learningRate: number;
  /** Muon's, for the matrices of the blocks. */
  matrixLearningRate: number;
}

/**
 * Whether a parameter is Muon's: the matrices of the blocks, which map features to features.
 * All else is AdamW's: in the embedding and the head a row or column stands for a character,
 * and those of rare ones should learn at the pace of those of frequent ones.
 */
export function usesMuon(name: string): boolean {
  return /\.(qkv|out|up|down)$/.test(name);
}

/**
 * Trains parameters in place: Muon for the matrices of the blocks and AdamW for the others,
 * both with decoupled weight decay (Loshchilov and Hutter, 2019), after clipping the
 * gradient's global norm (Pascanu et al., 2013), with an exponential moving average of the
 * parameters (Polyak and Juditsky, 1992).
 *
 * Neither algorithm minds the scale of its gradients. What clipping does is to keep a single
 * wild gradient from filling their running means for many steps.
 */
export class Optimizer implements Disposable {
  /** What it remembers; owned by this object. */
  readonly state: OptimizerState;
  readonly #parameters: NamedVariables;
  readonly #team: Team;

  /**
   * @param parameters what to optimise; they stay the caller's
   * @param team who else takes the same steps and can share their work
   */
  constructor(parameters: NamedVariables, team: Team = ALONE) {
    const names = Object.keys(parameters);
    const copies = (names: string[], make: (parameter: tf.Tensor) => tf.Tensor): NamedVariables =>
      Object.fromEntries(
        names.map((name) => [name, tf.tidy(() => tf.variable(make(parameters[name]!), false))]),
      );
    this.state = {
      mean: copies(names, tf.zerosLike),
      meanSquare: copies(names.filter((name) => !usesMuon(name)), tf.zerosLike),
      average: copies(names, tf.clone),
    };
    this.#parameters = parameters;
    this.#team = team;
  }

  /**
   * Takes one step.
   *
   * @param gradients by name; they stay the caller's
   * @returns the global norm of the gradient before clipping
   */
  async step(
    gradients: Record<string, tf.Tensor>,
    { step, learningRate, matrixLearningRate }: Step,
  ): Promise<number> {
    const norm = await globalNorm(Object.values(gradients));
    const directions = await this.#directions(gradients, Math.min(1, CLIP_NORM / norm), step);
    // A young average would otherwise mostly remember the initial values.
    const keep = Math.min(AVERAGE_DECAY, step / (step + 10));
    for (const [name, parameter] of Object.entries(this.#parameters)) {
      const rate = usesMuon(name) ? matrixLearningRate : learningRate;
      // Most rows of the embedding see no gradient in most steps: they would only decay.
      const decay = name === "embedding" ? 0 : WEIGHT_DECAY;
      const average = this.state.average[name]!;
      tf.tidy(() => {
        const kept = tf.mul(parameter, 1 - rate * decay);
        parameter.assign(tf.sub(kept, tf.mul(directions[name]!, rate)));
        average.assign(mix(average, parameter, keep));
      });
    }
    tf.dispose(directions);
    return norm;
  }

  /** Where to go from here, uphill, by parameter. */
  async #directions(
    gradients: Record<string, tf.Tensor>,
    scale: number,
    step: number,
  ): Promise<Record<string, tf.Tensor>> {
    const { mean, meanSquare } = this.state;
    const clipped = tf.tidy(() => mapValues(gradients, (gradient) => tf.mul(gradient, scale)));
    const means = Object.entries(mean).filter(([name]) => usesMuon(name));
    const directions = {
      ...await muonDirections(Object.fromEntries(means), clipped, this.#team),
      ...mapValues(
        meanSquare,
        (square, name) =>
          adamWDirection({ mean: mean[name]!, meanSquare: square }, clipped[name]!, step),
      ),
    };
    tf.dispose(clipped);
    return directions;
  }

  [Symbol.dispose](): void {
    for (const memory of Object.values(this.state)) tf.dispose(memory);
  }
}

/** The same names with what `f` makes of their values. */
function mapValues<A, B>(values: Record<string, A>, f: (value: A, name: string) => B) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, f(value, name)]));
}

/** The Euclidean norm of several tensors taken as one vector. */
async function globalNorm(tensors: tf.Tensor[]): Promise<number> {
  const sum = tf.tidy(() => tf.addN(tensors.map((tensor) => tf.sum(tf.square(tensor)))));
  const [square] = await sum.data();
  sum.dispose();
  return Math.sqrt(square!);
}

/** Options for {@linkcode learningRateAt}. */
export interface LearningRateOptions {
  /** The highest learning rate. */
  peak: number;
  /** How many steps it takes to rise to the peak. */
  warmupSteps: number;
}

/**
 * The learning rate of a step: a linear rise over the first steps, times a linear fall to
 * zero over the whole run.
 *
 * @param step from 1 on
 * @param progress the share of the run's budget already spent, in [0, 1]
 */
export function learningRateAt(
  step: number,
  progress: number,
  { peak, warmupSteps }: LearningRateOptions,
): number {
  return peak * Math.min(1, step / (warmupSteps + 1)) * (1 - progress);
}
