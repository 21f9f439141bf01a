import type { Sampler } from "dlm/sampling/canvas.ts";
import { linear, revealProbability, type Schedule } from "dlm/schedule.ts";

/** Options for a sampler that goes from time 1 to 0 in steps. */
export interface SteppedOptions {
  /** How many steps lead from noise to text. With many, few characters are drawn in the
   * same step without knowing of each other.
   * @default {T}
   */
  steps?: number | undefined;
  /** How much of the text shows at each time. The steps are equal in time; since only the
   * `alpha` at their ends counts, a schedule stands for every grid of steps too: the cosine
   * grid of Shi et al. (2024, MD4) is the cosine schedule.
   * @default {linear}
   */
  schedule?: Schedule | undefined;
}

/**
 * Ancestral sampling (Sahoo et al., 2024, MDLM, section 4.1; Shi et al., 2024, MD4): in
 * each step, each mask is revealed with the posterior's probability, and what is revealed
 * is drawn from the model and never changes again. Characters revealed in the same step
 * are drawn independently of each other; as the steps grow in number, fewer and fewer are,
 * and the text comes to be drawn from the model exactly.
 *
 * @throws {RangeError} if the number of steps makes no sense
 */
export function ancestral(options: SteppedOptions = {}): Sampler {
  const { steps, schedule = linear } = options;
  checkSteps(steps);
  return async function* (canvas) {
    for (const { t, s } of timeSteps(steps ?? canvas.length)) {
      const reveal = revealProbability(schedule, s, t);
      const chosen = canvas.masks().flat().filter(() => canvas.rng.uniform() < reveal);
      canvas.write(await canvas.guess(chosen));
      yield s;
    }
  };
}

/** A step of the reverse process. */
interface TimeStep {
  /** Where it begins. */
  t: number;
  /** Where it ends, which is earlier. */
  s: number;
}

/** Equal steps from time 1 to 0, made one at a time: somebody may ask for a billion. */
export function* timeSteps(steps: number): Generator<TimeStep> {
  for (let left = steps; left > 0; left--) yield { t: left / steps, s: (left - 1) / steps };
}

/** @throws {RangeError} unless a number of steps is a whole one of at least 1, or left open */
export function checkSteps(steps: number | undefined): void {
  if (steps === undefined || (Number.isSafeInteger(steps) && steps >= 1)) return;
  throw new RangeError(`Cannot sample in ${steps} steps: give a whole number of at least 1.`);
}
