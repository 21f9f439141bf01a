import { checkSteps, type SteppedOptions, timeSteps } from "dlm/sampling/ancestral.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { linear } from "dlm/schedule.ts";

/** Options for {@linkcode remasking}. */
export interface RemaskingOptions extends SteppedOptions {
  /** The probability, at most, with which a step takes back a character.
   * @default {0.04}
   */
  cap?: number | undefined;
}

/**
 * Ancestral sampling that may change its mind (ReMDM-cap; Wang et al., 2025, ReMDM): each
 * step takes back each character that it has written with probability
 * `sigma = min(cap, (1 - alpha_s) / alpha_t)`, and reveals more of the masks to make up for
 * it, so that at every time as many characters show as without.
 *
 * @throws {RangeError} if an option makes no sense
 */
export function remasking(options: RemaskingOptions = {}): Sampler {
  const { steps, schedule = linear, cap = 0.04 } = options;
  checkProbability("cap", cap);
  return remaskingSampler({ steps, alpha: (t) => schedule.alpha(t), sigma: () => cap });
}

/** Options for {@linkcode remaskingLoop}. */
export interface RemaskingLoopOptions {
  /** How many steps lead from noise to text.
   * @default {T}
   */
  steps?: number | undefined;
  /** The time at which the loop begins.
   * @default {0.55}
   */
  on?: number | undefined;
  /** The time at which it ends.
   * @default {0.05}
   */
  off?: number | undefined;
  /** How much of the text shows in the loop.
   * @default {0.9}
   */
  alpha?: number | undefined;
  /** The probability with which a step of the loop takes back a character.
   * @default {0.02}
   */
  sigma?: number | undefined;
}

/**
 * Ancestral sampling with a loop (ReMDM-loop; Wang et al., 2025, ReMDM): first it reveals
 * the share `alpha` of the characters, then it takes back and reveals about as many in each
 * step for a while, and at last it reveals the rest.
 *
 * @throws {RangeError} if an option makes no sense
 */
export function remaskingLoop(options: RemaskingLoopOptions = {}): Sampler {
  const { steps, on = 0.55, off = 0.05, alpha = 0.9, sigma = 0.02 } = options;
  if (!(0 < off && off <= on && on < 1)) {
    throw new RangeError(`The loop goes from time ${on} to ${off}: give 0 < off <= on < 1.`);
  }
  checkProbability("alpha", alpha);
  checkProbability("sigma", sigma);
  return remaskingSampler({
    steps,
    alpha(t) {
      if (t >= on) return alpha * (1 - t) / (1 - on);
      return t > off ? alpha : 1 - (1 - alpha) * t / off;
    },
    sigma: (t) => off < t && t <= on ? sigma : 0,
  });
}

/** What tells one remasking sampler from another. */
interface RemaskingPlan {
  steps: number | undefined;
  /** How much of the text shows at time `t`. */
  alpha(t: number): number;
  /** The probability of being taken back in a step from `t`, where there is room for it. */
  sigma(t: number): number;
}

function remaskingSampler({ steps, alpha, sigma }: RemaskingPlan): Sampler {
  checkSteps(steps);
  return async function* (canvas) {
    const { rng } = canvas;
    for (const { t, s } of timeSteps(steps ?? canvas.length)) {
      const [before, after] = [alpha(t), alpha(s)];
      const remask = before > 0 ? Math.min(sigma(t), (1 - after) / before) : 0;
      const reveal = s === 0 ? 1 : (after - (1 - remask) * before) / (1 - before);
      const taken = canvas.written().filter(() => rng.uniform() < remask);
      const chosen = canvas.masks().flat().filter(() => rng.uniform() < reveal);
      canvas.write(await canvas.guess(chosen));
      canvas.erase(taken);
      yield s;
    }
  };
}

function checkProbability(name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`The ${name} is ${value}: a probability lies in [0, 1].`);
}
