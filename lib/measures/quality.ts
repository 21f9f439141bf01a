import { indexMatches } from "dlm/measures/_suffix_array.ts";
import type { Corpus } from "dlm/corpus.ts";
import { trainNgram } from "dlm/measures/ngram.ts";

/** What can be told of texts without reading them. None of it is worth much by itself: a
 * text of "the the the" is likely and made of words, and a copy is perfect. */
export interface Quality {
  /** Bits per character under an n-gram model of the training text: fluency. */
  ngramBits: number;
  /** The share of different n-grams among all n-grams of the texts together (distinct-n; Li et
   * al., 2016): variety. It falls as the amount of text grows, so compare equal amounts; it is
   * 0 if no text is as long as an n-gram. */
  distinct: number;
  /** The share of words that occur in the training text; 0 if there is no whole word, since
   * who writes none is to get no credit for it. */
  knownWords: number;
  /** The length of the longest run of characters that stands in the training text as it is,
   * the mean over the texts: memory. */
  copied: number;
}

/** What texts are worth, and how sure that is. */
export interface Judgement extends Quality {
  /** The standard error of each number, from how much the texts differ; NaN for a single text. */
  standardErrors: Quality;
}

/**
 * Measures some texts together.
 *
 * @throws {RangeError} if there is no text, or none with a character in it
 */
export type Judge = (texts: readonly Int32Array[]) => Judgement;

/** Options for {@linkcode trainJudge}. */
export interface TrainJudgeOptions {
  /** The order of the n-gram model.
   * @default {5}
   */
  order?: number;
  /** The `n` of distinct-n, in characters.
   * @default {4}
   */
  distinctOrder?: number;
}

/**
 * A judge of texts who knows a corpus's training split by heart. Judging the validation
 * split's windows too shows what real text is worth to it.
 *
 * It takes a few seconds to learn a million characters.
 *
 * @throws {RangeError} if an order makes no sense
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before all is learned
 */
export async function trainJudge(
  { train, tokenizer }: Pick<Corpus, "train" | "tokenizer">,
  options: TrainJudgeOptions = {},
): Promise<Judge> {
  const { order = 5, distinctOrder = 4 } = options;
  if (!(Number.isSafeInteger(distinctOrder) && distinctOrder >= 1)) {
    throw new RangeError(`There are no ${distinctOrder}-grams: give a whole number of at least 1.`);
  }
  const ngram = await trainNgram(train, { order, vocabularySize: tokenizer.vocabularySize });
  const dictionary = new Set(tokenizer.decode(train).match(WORD));
  const matches = indexMatches(train);
  return (texts) => {
    if (texts.every(({ length }) => length === 0)) {
      throw new RangeError(
        "There is no text to judge: give at least one that has a character in it.",
      );
    }
    const words = texts.map((ids) => wholeWords(tokenizer.decode(ids)));
    const ngramBits = ratio(
      texts.map((ids) => [sum(ngram.surprisals(ids)) / Math.LN2, ids.length]),
    );
    const distinct = distinctShare(texts, distinctOrder);
    const knownWords = ratio(
      words.map((list) => [list.filter((word) => dictionary.has(word)).length, list.length]),
    );
    const copied = ratio(texts.map((ids) => [matches(ids).reduce((a, b) => Math.max(a, b), 0), 1]));
    return {
      ngramBits: ngramBits.value,
      distinct: distinct.value,
      knownWords: knownWords.value,
      copied: copied.value,
      standardErrors: {
        ngramBits: ngramBits.error,
        distinct: distinct.error,
        knownWords: knownWords.error,
        copied: copied.error,
      },
    };
  };
}

const WORD = /[\p{L}\p{M}'’]+/gu;

/** The words of a text but for the first and the last characters', which may be cut off. */
function wholeWords(text: string): string[] {
  return text.replace(/^[\p{L}\p{M}'’]+|[\p{L}\p{M}'’]+$/gu, "").match(WORD) ?? [];
}

/** The share of different n-grams. What a text alone has is gone if that text is left out. */
function distinctShare(texts: readonly Int32Array[], n: number): Ratio {
  const ngrams = texts.map((ids) =>
    Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, i) => ids.slice(i, i + n).join())
  );
  const owners = new Map<string, number>();
  ngrams.forEach((list, text) => {
    for (const ngram of list) owners.set(ngram, (owners.get(ngram) ?? text) === text ? text : -1);
  });
  const own = new Array<number>(texts.length).fill(0);
  for (const text of owners.values()) if (text >= 0) own[text]!++;
  return ratio(ngrams.map((list, text) => [own[text]!, list.length]), owners.size);
}

/** A measured ratio and its standard error. */
interface Ratio {
  value: number;
  error: number;
}

/**
 * A ratio of two sums over texts, with the standard error of the jackknife (Tukey, 1958), which
 * leaves out one text at a time and looks how much that changes. Of a mean over texts of one
 * length it is the usual standard error; of other ratios it is, if anything, too large (Efron and
 * Stein, 1981).
 *
 * @param parts what leaving out each text takes from the part and from the whole
 */
function ratio(
  parts: readonly (readonly [part: number, whole: number])[],
  part: number = sum(parts.map(([part]) => part)),
): Ratio {
  const whole = sum(parts.map(([, whole]) => whole));
  const without = parts.map(([p, w]) => share(part - p, whole - w));
  const [n, center] = [parts.length, sum(without) / parts.length];
  const variance = (n - 1) / n * sum(without.map((value) => (value - center) ** 2));
  return { value: share(part, whole), error: n > 1 ? Math.sqrt(variance) : NaN };
}

/** A part of a whole, and of nothing, nothing: NaN would leave a hole in tables and plots. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
