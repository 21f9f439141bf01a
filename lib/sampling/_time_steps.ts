/** A step of the reverse process. */
export interface TimeStep {
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
