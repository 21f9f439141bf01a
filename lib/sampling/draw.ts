/** How to draw a character from the logits of a model. */
export interface DrawOptions {
  /** Divides the logits: below 1 likelier characters become likelier still.
   * @default {1}
   */
  temperature?: number | undefined;
  /** Only this many of the likeliest characters may be drawn.
   * @default {V}
   */
  topK?: number | undefined;
  /** Only the likeliest characters that together have at least this probability may be
   * drawn (nucleus sampling; Holtzman et al., 2020); applied after `topK`.
   * @default {1}
   */
  topP?: number | undefined;
}

/**
 * What to draw a character with: probabilities up to a common factor, in doubles.
 *
 * @param logits `[V]`
 * @returns `[V]`, zero for what may not be drawn; the largest is 1, so that none overflows
 * @throws {RangeError} if an option makes no sense
 */
export function drawingWeights(logits: ArrayLike<number>, options: DrawOptions): Float64Array {
  checkDrawOptions(options);
  const { temperature = 1, topK = logits.length, topP = 1 } = options;
  let largest = -Infinity;
  for (let id = 0; id < logits.length; id++) largest = Math.max(largest, logits[id]!);
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < logits.length; id++) {
    weights[id] = Math.exp((logits[id]! - largest) / temperature);
  }
  if (topK >= weights.length && topP === 1) return weights;

  const ranked = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]!);
  const total = ranked.slice(0, topK).reduce((sum, id) => sum + weights[id]!, 0);
  let before = 0; // the weight of all that rank higher
  ranked.forEach((id, rank) => {
    const weight = weights[id]!;
    if (rank >= topK || (rank > 0 && before >= topP * total)) weights[id] = 0;
    before += weight;
  });
  return weights;
}

/** @throws {RangeError} if an option makes no sense */
export function checkDrawOptions(options: DrawOptions): void {
  const { temperature = 1, topK = 1, topP = 1 } = options;
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`The temperature is ${temperature}: it must be above 0.`);
  }
  if (!(Number.isSafeInteger(topK) && topK >= 1)) {
    throw new RangeError(`Top-k is ${topK}: it must be a whole number of at least 1.`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new RangeError(`Top-p is ${topP}: it must be above 0 and at most 1.`);
  }
}
