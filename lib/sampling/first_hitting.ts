import type { Sampler } from "dlm/sampling/canvas.ts";
import { linear, type Schedule } from "dlm/schedule.ts";

/** Options for {@linkcode firstHitting}. */
export interface FirstHittingOptions {
  /** How much of the text shows at each time.
   * @default {linear}
   */
  schedule?: Schedule | undefined;
}

/**
 * First-hitting sampling (Zheng et al., 2024, section 4): of the process in continuous time
 * only the moments at which a mask is revealed are played. All masks are revealed alike, so
 * it is any one of them, and of `n` the first goes when `1 - alpha` has fallen by the
 * largest of `n` uniform numbers, `u^(1/n)`. Each character knows of all before it: nothing
 * but the model stands between this and the true distribution, at one evaluation a character.
 *
 * Sequences are revealed side by side, one character each, and share one time, that of the
 * sequence with most masks; the model is not told it.
 */
export function firstHitting(options: FirstHittingOptions = {}): Sampler {
  const { schedule = linear } = options;
  return async function* (canvas) {
    const { rng } = canvas;
    for (let noise = 1;;) {
      const masks = canvas.masks();
      const most = masks.reduce((most, { length }) => Math.max(most, length), 0);
      if (most === 0) return;
      const next = masks.flatMap((places) =>
        places.length > 0 ? [places[rng.integer(places.length)]!] : []
      );
      canvas.write(await canvas.guess(next));
      noise *= rng.uniform() ** (1 / most);
      yield schedule.inverse(1 - noise);
    }
  };
}
