import { addOverTeam, ALONE, type Team } from "dlm/optimizer/team.ts";
import type { NamedVariables } from "dlm/backend/variables.ts";
import { adamWDirection, adamWStep } from "dlm/optimizer/adamw.ts";
import { tf } from "dlm/backend/backend.ts";
import { ownNumbers } from "dlm/backend/numbers.ts";
import { fused, hasKernel } from "dlm/ops/fused.ts";
import { muonDirections, muonStep } from "dlm/optimizer/muon.ts";
import type { Stride } from "dlm/optimizer/stride.ts";
import { mix, weightedSum } from "dlm/ops/weighted_sum.ts";

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
  /** AdamW's, for the embeddings and the head. */
  learningRate: number;
  /** Muon's, for the matrices of the blocks. */
  matrixLearningRate: number;
}

/** Options for an {@linkcode Optimizer}. */
export interface OptimizerOptions {
  /** Whether the matrices of the blocks are Muon's; if not, AdamW trains them like all else.
   * @default {true}
   */
  muon?: boolean | undefined;
}

/**
 * Whether a parameter is Muon's: the matrices of the blocks, which map features to features.
 * All else is AdamW's: in the embeddings and the head a row or column stands for a character,
 * and those of rare ones should learn at the pace of those of frequent ones.
 */
export function usesMuon(name: string, { muon = true }: OptimizerOptions = {}): boolean {
  return muon && /\.(qkv|out|up|down)$/.test(name);
}

/**
 * About how much work a step is for a parameter: Muon multiplies matrices, AdamW only goes
 * through the numbers.
 */
export function stepWork(
  name: string,
  [rows, columns]: [number, number],
  options: OptimizerOptions = {},
): number {
  return rows * columns * (usesMuon(name, options) ? Math.min(rows, columns) : 1);
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
  readonly #usesMuon: (name: string) => boolean;

  /**
   * @param parameters what to optimise; they stay the caller's
   * @param team who optimises the others, if anybody
   */
  constructor(parameters: NamedVariables, team: Team = ALONE, options: OptimizerOptions = {}) {
    this.#usesMuon = (name) => usesMuon(name, options);
    using stack = new DisposableStack(); // if there is no room for all, nothing is kept
    const keep = (tensor: tf.Tensor) => stack.adopt(asVariable(tensor), tf.dispose);
    const zeros = (parameter: tf.Tensor) => keep(tf.zerosLike(parameter));
    this.state = {
      mean: mapValues(parameters, zeros),
      meanSquare: mapValues(only(parameters, (name) => !this.#usesMuon(name)), zeros),
      average: mapValues(parameters, (parameter) => keep(tf.clone(parameter))),
    };
    stack.move();
    this.#parameters = parameters;
    this.#team = team;
  }

  /**
   * Takes one step.
   *
   * @param gradients by name; they stay the caller's
   * @returns the norm of the whole gradient, the team's parts included, before clipping
   */
  async step(
    gradients: Record<string, tf.Tensor>,
    { step, learningRate, matrixLearningRate }: Step,
  ): Promise<number> {
    const norm = Math.sqrt(addOverTeam(await sumOfSquares(gradients), this.#team));
    const scale = Math.min(1, CLIP_NORM / norm);
    // A young average would otherwise mostly remember the initial values.
    const keep = Math.min(AVERAGE_DECAY, step / (step + 10));
    const strideOf = (name: string): Stride => {
      const rate = this.#usesMuon(name) ? matrixLearningRate : learningRate;
      // Most rows of the embeddings see no gradient in most steps: they would only decay.
      const decay = /^(embedding|neighbours)$/.test(name) ? 0 : WEIGHT_DECAY;
      return { scale, shrink: 1 - rate * decay, rate, keep };
    };
    if (hasKernel("AdamW")) this.#moveInPlace(gradients, step, strideOf);
    else this.#move(gradients, step, strideOf);
    return norm;
  }

  /** A step in plain ops. */
  #move(gradients: Record<string, tf.Tensor>, step: number, strideOf: StrideOf): void {
    tf.tidy(() => {
      const clipped = mapValues(
        this.#parameters,
        (_, name) => tf.mul(gradients[name]!, strideOf(name).scale),
      );
      const directions = this.#directions(clipped, step);
      for (const [name, parameter] of Object.entries(this.#parameters)) {
        const { shrink, rate, keep } = strideOf(name);
        const average = this.state.average[name]!;
        parameter.assign(weightedSum<tf.Tensor>(parameter, directions[name]!, [shrink, -rate]));
        average.assign(mix(average, parameter, keep));
      }
    });
  }

  /** The same step in kernels that change the numbers where they are. */
  #moveInPlace(gradients: Record<string, tf.Tensor>, step: number, strideOf: StrideOf): void {
    const { mean, meanSquare, average } = this.state;
    const all = mapValues(this.#parameters, (parameter, name) => {
      return { parameter, mean: mean[name]!, average: average[name]! };
    });
    for (const variables of [...Object.values(all), meanSquare]) {
      Object.values(variables).forEach(ownNumbers);
    }
    for (const [name, square] of Object.entries(meanSquare)) {
      const memory = { ...all[name]!, meanSquare: square };
      adamWStep(memory, gradients[name]!, { ...strideOf(name), step });
    }
    const matrices = only(all, this.#usesMuon);
    const [some] = Object.keys(matrices);
    if (some) muonStep(matrices, gradients, strideOf(some)); // which is the same for all
  }

  /** Where to go from here, uphill, by parameter. */
  #directions(gradients: Record<string, tf.Tensor>, step: number): Record<string, tf.Tensor> {
    const { mean, meanSquare } = this.state;
    const adamW = (square: tf.Variable, name: string) =>
      adamWDirection({ mean: mean[name]!, meanSquare: square }, gradients[name]!, step);
    return {
      ...muonDirections(only(mean, this.#usesMuon), gradients),
      ...mapValues(meanSquare, adamW),
    };
  }

  [Symbol.dispose](): void {
    for (const memory of Object.values(this.state)) tf.dispose(memory);
  }
}

/** How a step goes for each parameter. */
type StrideOf = (name: string) => Stride;

/** A variable with the numbers of a tensor, which it takes over. */
function asVariable(tensor: tf.Tensor): tf.Variable {
  const variable = tf.variable(tensor, false);
  tensor.dispose();
  return variable;
}

/** The same names with what `f` makes of their values. */
function mapValues<A, B>(values: Record<string, A>, f: (value: A, name: string) => B) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, f(value, name)]));
}

/** Those whose names are wanted. */
function only<A>(values: Record<string, A>, wanted: (name: string) => boolean): Record<string, A> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => wanted(name)));
}

/** The sum of the squares of all numbers. */
async function sumOfSquares(tensors: Record<string, tf.Tensor>): Promise<number> {
  const all = Object.values(tensors);
  if (all.length === 0) return 0;
  const squares = fused<tf.Tensor1D>("SumsOfSquares", all) ??
    tf.tidy(() => tf.stack(all.map((tensor) => tf.sum(tf.square(tensor)))));
  const sums = await squares.data<"float32">();
  squares.dispose();
  return sums.reduce((sum, square) => sum + square, 0);
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
 * @throws {RangeError} if the peak is not a number above zero, or the warm-up no number of steps
 */
export function learningRateAt(
  step: number,
  progress: number,
  { peak, warmupSteps }: LearningRateOptions,
): number {
  if (!(peak > 0 && peak < Infinity)) {
    throw new RangeError(`A learning rate of ${peak} teaches nothing: give a number above 0.`);
  }
  if (!(warmupSteps >= 0 && warmupSteps < Infinity)) {
    throw new RangeError(`A warm-up of ${warmupSteps} steps cannot be: give 0 or more.`);
  }
  return peak * Math.min(1, step / (warmupSteps + 1)) * (1 - progress);
}
