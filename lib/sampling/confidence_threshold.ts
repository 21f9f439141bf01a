import { bySequence, type Guess, type Sampler } from "dlm/sampling/canvas.ts";

/** Options for {@linkcode confidenceThreshold}. */
export interface ConfidenceThresholdOptions {
  /** How probable the likeliest character of a place must be, in [0, 1].
   * @default {0.9}
   */
  threshold?: number | undefined;
}

/**
 * Confidence-aware parallel decoding (Wu et al., 2025, Fast-dLLM, section 3.3): in each step
 * every place is revealed of which the model is certain enough, or the most certain one if
 * there is none. The number of steps follows from how certain the model is.
 *
 * Where the likeliest character has nearly all of the probability, little is lost by drawing it
 * without knowing of the others. One at a time, as at a threshold of 1, nothing is: which place
 * comes next depends on what is written, and not on what is about to be drawn there. So a model
 * whose answers belong to one distribution writes just that one; a real one's depend a little on
 * the order. (In low-confidence sampling the draw itself decides, and that is another matter.)
 *
 * @throws {RangeError} if the threshold is not a probability
 */
export function confidenceThreshold(options: ConfidenceThresholdOptions = {}): Sampler {
  const { threshold = 0.9 } = options;
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`The threshold is ${threshold}: a probability lies in [0, 1].`);
  }
  const certain = (guesses: Guess[]): Guess[] => {
    const enough = guesses.filter(({ certainty }) => certainty >= threshold);
    if (enough.length > 0) return enough;
    return guesses.toSorted((a, b) => b.certainty - a.certainty).slice(0, 1);
  };
  return async function* (canvas) {
    const first = canvas.masks().flat().length;
    for (let left = first; left > 0; left = canvas.masks().flat().length) {
      if (left < first) yield left / first;
      const guesses = await canvas.guess(canvas.masks().flat());
      canvas.write(bySequence(guesses).flatMap(certain));
    }
    if (first > 0) yield 0;
  };
}
