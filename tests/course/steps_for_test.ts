import assert from "node:assert/strict";
import { stepsFor } from "dlm/course/steps_for.ts";
import { fakeInterrupt } from "../_support.ts";

Deno.test("stepsFor() counts until the time is up", async () => {
  const began = performance.now();
  const steps = await Array.fromAsync(stepsFor(0.02));
  assert(performance.now() - began >= 20);
  assert(steps.length > 0);
  assert.deepEqual(steps, [...steps.keys()]); // on a busy machine, not even a second one
});

Deno.test("stepsFor() ends when it is stopped, after the step that is under way", async () => {
  using interrupt = fakeInterrupt();
  const steps: number[] = [];
  const loop = async () => {
    for await (const step of stepsFor(60)) {
      steps.push(step);
      if (step === 3) interrupt.press();
    }
  };
  await assert.rejects(loop(), { name: "Interrupted", message: "Stopped after step 3." });
  assert.deepEqual(steps, [0, 1, 2, 3]);
});
