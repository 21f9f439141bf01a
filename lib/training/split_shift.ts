import { characterCounts, type Corpus } from "dlm/corpus.ts";

/**
 * How far apart the two parts of a corpus are in the frequencies of their characters, in bits per
 * character: what it costs to code the validation split with the frequencies of the training
 * split instead of its own, which is the Kullback-Leibler divergence of the two. No model is to
 * blame for these bits, however well it is trained.
 *
 * The share of chance is taken off, which for parts of `N` and `M` characters that are alike is
 * `(V - 1) / (2 ln 2) · (1 / N + 1 / M)` bits on average (Kullback, 1959, chapter 6).
 *
 * @returns about zero, if they are alike
 */
export function splitShift(corpus: Corpus): number {
  const { tokenizer, train, validation } = corpus;
  if (train.length === 0 || validation.length === 0) return 0;
  const learned = characterCounts(train, tokenizer);
  const found = characterCounts(validation, tokenizer);
  const total = train.length + learned.length; // one more each, so that none is impossible
  let bits = 0;
  let different = 0;
  found.forEach((count, id) => {
    if (count + learned[id]! > 0) different++;
    if (count === 0) return;
    const share = count / validation.length;
    bits += share * Math.log2(share / ((learned[id]! + 1) / total));
  });
  const chance = (different - 1) / (2 * Math.LN2) * (1 / validation.length + 1 / train.length);
  return Math.max(0, bits - chance);
}

/** From here on the parts differ so much that it shows. Chapters of one novel are below 0.03 bits
 * apart, a list of words in alphabetical order above 0.2. */
const MUCH = 0.1;

/** A sentence on the two parts of a corpus, if they differ too much to be compared. */
export function describeSplitShift(corpus: Corpus): string | undefined {
  const bits = splitShift(corpus);
  if (bits < MUCH) return undefined;
  return `The validation part of ${corpus.name} has other characters than the training part, as the ` +
    `end of a sorted list has: ${bits.toFixed(2)} bits per character come from that alone, and ` +
    `look like overfitting. If the order of its lines does not matter, shuffle them.`;
}
