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

/**
 * Measures some texts together.
 *
 * @throws {RangeError} if there is no text, or none with a character in it
 */
export type Judge = (texts: readonly Int32Array[]) => Quality;

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
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before all is learned
 */
export async function trainJudge(
  { train, tokenizer }: Pick<Corpus, "train" | "tokenizer">,
  options: TrainJudgeOptions = {},
): Promise<Judge> {
  const { order = 5, distinctOrder = 4 } = options;
  const ngram = await trainNgram(train, { order, vocabularySize: tokenizer.vocabularySize });
  const dictionary = new Set(tokenizer.decode(train).match(WORD));
  const matches = indexMatches(train);
  return (texts) => {
    if (texts.every(({ length }) => length === 0)) {
      throw new RangeError(
        "There is no text to judge: give at least one that has a character in it.",
      );
    }
    const written = texts.map((ids) => tokenizer.decode(ids));
    const nats = texts.flatMap((ids) => [...ngram.surprisals(ids)]);
    const words = written.flatMap((text) => wholeWords(text));
    return {
      ngramBits: mean(nats) / Math.LN2,
      distinct: distinctShare(texts, distinctOrder),
      knownWords: share(words.filter((word) => dictionary.has(word)).length, words.length),
      copied: mean(texts.map((ids) => matches(ids).reduce((a, b) => Math.max(a, b), 0))),
    };
  };
}

const WORD = /[\p{L}\p{M}'’]+/gu;

/** The words of a text but for the first and the last characters', which may be cut off. */
function wholeWords(text: string): string[] {
  return text.replace(/^[\p{L}\p{M}'’]+|[\p{L}\p{M}'’]+$/gu, "").match(WORD) ?? [];
}

/** The share of different n-grams. */
function distinctShare(texts: readonly Int32Array[], n: number): number {
  const ngrams = texts.flatMap((ids) =>
    Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, i) => ids.slice(i, i + n).join())
  );
  return share(new Set(ngrams).size, ngrams.length);
}

/** A part of a whole, and of nothing, nothing: NaN would leave a hole in tables and plots. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
