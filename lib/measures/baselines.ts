import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Corpus } from "dlm/corpus.ts";
import { ngramBits, type NgramBitsOptions } from "dlm/measures/ngram.ts";

/** What the n-gram models are called, by `n`; without any context, `n = 0`, all is alike. */
const NGRAMS = ["uniform", "unigram", "bigram", "trigram", "4-gram", "5-gram", "6-gram"];

/** Options for {@linkcode baselines}. */
export interface BaselinesOptions extends NgramBitsOptions {
  /** Hears the share done, in [0, 1]. */
  onProgress?: (share: number) => void;
}

/**
 * The bars that a model of a corpus has to beat, in bits per character of its validation
 * split: n-gram models of the training split (see {@linkcode ngramBits}), and brotli.
 *
 * @returns bits by name, such as `unigram`
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook
 */
export async function baselines(
  corpus: Corpus,
  options: BaselinesOptions = {},
): Promise<Record<string, number>> {
  const { window, onProgress } = options;
  const bits: Record<string, number> = {};
  for (const [order, name] of NGRAMS.entries()) {
    bits[name] = await ngramBits(corpus, order, { window });
    onProgress?.((order + 1) / (NGRAMS.length + 1));
  }
  bits.brotli = await brotliBits(corpus);
  onProgress?.(1);
  return bits;
}

/**
 * The bits per character that the validation split adds to the training split as brotli packs
 * them: what a compressor makes of a text when it has read another one before. The encoder is
 * that of `node:zlib` at its highest quality, 11, since those below choose among their methods by
 * the size of the text, and the two texts could be packed by different ones. (It also brings a
 * dictionary, of English among other languages, that it did not find in either.)
 */
export async function brotliBits({ tokenizer, train, validation }: Corpus): Promise<number> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, // 11
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS, // sees 16 MB back
  };
  const bytes = async (text: string) => (await promisify(brotliCompress)(text, { params })).length;
  const [known, rest] = [tokenizer.decode(train), tokenizer.decode(validation)];
  return 8 * (await bytes(known + rest) - await bytes(known)) / validation.length;
}
