import { ancestral } from "dlm/sampling/ancestral.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { confidenceThreshold } from "dlm/sampling/confidence_threshold.ts";
import { firstHitting } from "dlm/sampling/first_hitting.ts";
import { lowConfidence } from "dlm/sampling/low_confidence.ts";
import { randomOrder } from "dlm/sampling/random_order.ts";
import { remasking, remaskingLoop } from "dlm/sampling/remasking.ts";

// A sampler in one of these lists is a choice of `deno task sample` and stands on the frontier.

/** The samplers that take a given number of steps, by name. */
export const STEPPED_SAMPLERS = {
  ancestral,
  random: randomOrder,
  "low-confidence": lowConfidence,
  remasking,
  "remasking-loop": remaskingLoop,
} as const satisfies Record<string, (options: { steps?: number }) => Sampler>;

/** The samplers that take as many steps as it needs, by name. */
export const UNSTEPPED_SAMPLERS = {
  "first-hitting": firstHitting,
  threshold: confidenceThreshold,
} as const satisfies Record<string, () => Sampler>;

/**
 * Every sampler with its name, to be compared: those with steps once for each number of steps, the
 * others once.
 */
export function everySampler(
  { steps }: { steps: readonly number[] },
): { name: string; sampler: Sampler }[] {
  return [
    ...Object.entries(STEPPED_SAMPLERS).flatMap(([name, make]) =>
      steps.map((steps) => ({ name, sampler: make({ steps }) }))
    ),
    ...Object.entries(UNSTEPPED_SAMPLERS).map(([name, make]) => ({ name, sampler: make() })),
  ];
}
