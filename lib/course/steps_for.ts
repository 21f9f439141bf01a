import { listenForInterrupt } from "dlm/backend/interrupt.ts";

/**
 * Numbers from 0 on, for a loop of your own that is to last some seconds and can be stopped.
 *
 * @example
 * ```ts
 * import { stepsFor } from "dlm/course/steps_for.ts";
 * import assert from "node:assert/strict";
 *
 * let steps = 0;
 * for await (const step of stepsFor(0.01)) assert.equal(step, steps++);
 * assert(steps > 0);
 * ```
 *
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, after the step that is under way
 */
export async function* stepsFor(seconds: number): AsyncGenerator<number> {
  using interrupt = listenForInterrupt();
  const end = performance.now() + 1000 * seconds;
  for (let step = 0; performance.now() < end; step++) {
    yield step;
    await interrupt.check(`after step ${step}`);
  }
}
