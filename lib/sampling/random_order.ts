import { checkSteps, type SteppedOptions, timeSteps } from "dlm/sampling/ancestral.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { linear } from "dlm/schedule.ts";

/**
 * Reveals a fixed number of characters in each step, in places chosen at random ("random
 * remasking" in Nie et al., 2025, LLaDA): ancestral sampling without chance in how many.
 * In as many steps as there are masks it reveals one at a time, and is exact.
 *
 * @throws {RangeError} if the number of steps makes no sense
 */
export function randomOrder(options: SteppedOptions = {}): Sampler {
  const { steps, schedule = linear } = options;
  checkSteps(steps);
  return async function* (canvas) {
    const { rng } = canvas;
    const remaining = masksLeft(canvas.masks());
    for (const { s } of timeSteps(steps ?? canvas.length)) {
      const left = remaining(1 - schedule.alpha(s));
      const chosen = canvas.masks().flatMap((places, b) =>
        Array.from(rng.permutation(places.length, places.length - left[b]!), (i) => places[i]!)
      );
      canvas.write(await canvas.guess(chosen));
      yield s;
    }
  };
}

/** How many masks a step is to leave in each sequence: a share of those it began with. */
export function masksLeft(first: number[][]): (share: number) => number[] {
  return (share) => first.map((places) => Math.round(share * places.length));
}
