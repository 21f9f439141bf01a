import { checkSteps, type SteppedOptions, timeSteps } from "dlm/sampling/ancestral.ts";
import { bySequence, type Sampler } from "dlm/sampling/canvas.ts";
import { masksLeft } from "dlm/sampling/random_order.ts";
import { linear } from "dlm/schedule.ts";

/** Options for {@linkcode lowConfidence}. */
export interface LowConfidenceOptions extends SteppedOptions {
  /** How much chance there is in what counts as confident: Gumbel noise times this and the
   * time at which the step begins is added to `log p`. (The "choice temperature" of Chang et
   * al., 2022, MaskGIT, is multiplied with the time at which the step ends, which is a step less.)
   * @default {0}
   */
  choiceTemperature?: number | undefined;
}

/**
 * Low-confidence remasking (Chang et al., 2022, MaskGIT, section 3.2; Nie et al., 2025,
 * LLaDA): in each step a character is drawn behind every mask, a fixed number of those that
 * the model is most confident of are kept, and the others become masks again. With the
 * cosine schedule this is MaskGIT's, with the linear one LLaDA's.
 *
 * It is not exact however many steps it takes: what is likely has the better chance of being
 * kept, so that the text is more fluent and less varied than the model's.
 *
 * @throws {RangeError} if an option makes no sense
 */
export function lowConfidence(options: LowConfidenceOptions = {}): Sampler {
  const { steps, schedule = linear, choiceTemperature = 0 } = options;
  checkSteps(steps);
  if (!(choiceTemperature >= 0 && choiceTemperature < Infinity)) {
    throw new RangeError(`The choice temperature is ${choiceTemperature}: it must be at least 0.`);
  }
  return async function* (canvas) {
    const gumbel = () => -Math.log(-Math.log(canvas.rng.uniform()));
    const remaining = masksLeft(canvas.masks());
    for (const { t, s } of timeSteps(steps ?? canvas.length)) {
      const left = remaining(1 - schedule.alpha(s));
      const masks = canvas.masks();
      const counts = masks.map((places, b) => places.length - left[b]!);
      const asked = masks.filter((_, b) => counts[b]! > 0).flat();
      const kept = bySequence(await canvas.guess(asked)).flatMap((guesses) =>
        guesses
          .map((guess) => ({
            guess,
            score: Math.log(guess.confidence) +
              (choiceTemperature > 0 ? choiceTemperature * t * gumbel() : 0),
          }))
          .sort((x, y) => y.score - x.score)
          .slice(0, counts[guesses[0]!.sequence]!)
          .map(({ guess }) => guess)
      );
      canvas.write(kept);
      yield s;
    }
  };
}
