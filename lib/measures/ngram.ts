import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { consecutiveWindows, type Corpus } from "dlm/corpus.ts";

/** Options for {@linkcode trainNgram}. */
export interface NgramOptions {
  /** `n`: a character is predicted from the `n - 1` before it, or from fewer; 0 is blind. */
  order: number;
  /** `V`, the number of characters. */
  vocabularySize: number;
}

/** A model that predicts a character by counting what followed the same few before it. */
export interface Ngram {
  /** The probability of `next` after a context, of which the last `n - 1` tokens count. */
  probability(next: number, context: Int32Array): number;
  /** `-log p` of each token after those before it, in nats. */
  surprisals(tokens: Int32Array): Float64Array;
}

/** Contexts longer than this hardly occur twice in any text, and each takes memory. */
const HIGHEST_ORDER = 10;

/** How many characters are counted before anybody may interrupt. */
const AT_ONCE = 2 ** 14;

/** A context that occurred in the training text, and what it knows of the next character. */
interface Context {
  /** How often it was followed by anything, and by how many different characters. */
  total: number;
  distinct: number;
  /** How often each character followed it. */
  counts: Map<number, number>;
  /** The contexts that are longer by one character at the front, once there are any. */
  longer?: Map<number, Context>;
}

/**
 * Counts n-grams of all lengths up to `n` and mixes their predictions as Witten and Bell
 * do: a context that was followed by many different characters is trusted less, and what
 * it is not trusted with goes to the prediction of the context shorter by one, in the end
 * to `1 / V` (Witten and Bell, 1991, method C; Chen and Goodman, 1999).
 *
 * @param tokens the text to learn from
 * @throws {RangeError} unless the order is a whole number from 0 to 10
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before all is counted
 */
export async function trainNgram(tokens: Int32Array, options: NgramOptions): Promise<Ngram> {
  const { order, vocabularySize } = options;
  if (!(Number.isSafeInteger(order) && order >= 0 && order <= HIGHEST_ORDER)) {
    throw new RangeError(
      `The order of an n-gram model is ${order}: give a whole number from 0 to ${HIGHEST_ORDER}.`,
    );
  }
  const empty = newContext();
  using interrupt = listenForInterrupt();
  for (const [i, next] of tokens.entries()) {
    let context = empty;
    for (let length = 0; length < order && length <= i; length++) {
      if (length > 0) context = longerBy(tokens[i - length]!, context);
      count(next, context);
    }
    if (i % AT_ONCE === 0) await interrupt.check(`after ${i} of ${tokens.length} characters`);
  }

  /** The probability of a token after the first `end` of some others. */
  function probability(next: number, tokens: Int32Array, end: number): number {
    let p = 1 / vocabularySize;
    let context: Context | undefined = empty;
    for (let i = end - 1; context && context.total > 0; i--) {
      const { total, distinct, counts, longer }: Context = context;
      p = ((counts.get(next) ?? 0) + distinct * p) / (total + distinct);
      context = longer?.get(tokens[i]!);
    }
    return p;
  }

  return {
    probability: (next, context) => probability(next, context, context.length),
    surprisals: (split) =>
      Float64Array.from(split, (next, i) => -Math.log(probability(next, split, i))),
  };
}

/** Options for {@linkcode ngramBits}. */
export interface NgramBitsOptions {
  /** Cuts the split into windows of so many characters, and begins each with an empty page, as a
   * network of that context does; not at all, if left out. */
  window?: number | undefined;
}

/**
 * The bits per character that an n-gram model of a corpus's training split needs for its
 * validation split: what any other model has to beat.
 */
export async function ngramBits(
  corpus: Corpus,
  order: number,
  { window }: NgramBitsOptions = {},
): Promise<number> {
  const { train, validation, tokenizer: { vocabularySize } } = corpus;
  const ngram = await trainNgram(train, { order, vocabularySize });
  const windows = window === undefined ? [validation] : consecutiveWindows(validation, window);
  const nats = windows.map((tokens) => ngram.surprisals(tokens).reduce((sum, one) => sum + one, 0));
  return nats.reduce((sum, one) => sum + one, 0) / validation.length / Math.LN2;
}

function newContext(): Context {
  return { total: 0, distinct: 0, counts: new Map() };
}

/** A context with one character more at its front. */
function longerBy(character: number, context: Context): Context {
  context.longer ??= new Map();
  let longer = context.longer.get(character);
  if (!longer) context.longer.set(character, longer = newContext());
  return longer;
}

function count(next: number, context: Context): void {
  const before = context.counts.get(next) ?? 0;
  context.counts.set(next, before + 1);
  context.total++;
  if (before === 0) context.distinct++;
}
