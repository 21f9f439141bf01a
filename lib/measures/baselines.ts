import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Corpus } from "dlm/corpus.ts";
import { ngramBits } from "dlm/measures/ngram.ts";

/** What the n-gram models are called, by `n`; without any context, `n = 0`, all is alike. */
const NGRAMS = ["uniform", "unigram", "bigram", "trigram", "4-gram", "5-gram", "6-gram"];

/** Options for {@linkcode baselines}. */
export interface BaselinesOptions {
  /** Hears the share done, in [0, 1]. */
  onProgress?: (share: number) => void;
}

/**
 * The bars that a model of a corpus has to beat, in bits per character of its validation
 * split: n-gram models of the training split (see {@linkcode ngramBits}), gzip and brotli.
 *
 * @returns bits by name, such as `unigram`
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook
 */
export async function baselines(
  corpus: Corpus,
  options: BaselinesOptions = {},
): Promise<Record<string, number>> {
  const bits: Record<string, number> = {};
  for (const [order, name] of NGRAMS.entries()) {
    bits[name] = await ngramBits(corpus, order);
    options.onProgress?.((order + 1) / (NGRAMS.length + 2));
  }
  bits.gzip = await gzipBits(corpus);
  bits.brotli = await brotliBits(corpus);
  options.onProgress?.(1);
  return bits;
}

/**
 * The bits per character of the validation split as gzip packs it, in UTF-8 and with the
 * browsers' own setting: a length of code, by a method that knows the last 32 KB of what it
 * packs and nothing of the training split.
 */
export async function gzipBits({ tokenizer, validation }: Corpus): Promise<number> {
  const text = new Blob([tokenizer.decode(validation)]);
  const packed = new Response(text.stream().pipeThrough(new CompressionStream("gzip")));
  const { byteLength } = await packed.arrayBuffer();
  return 8 * byteLength / validation.length;
}

/**
 * The bits per character that the validation split adds to the whole text as brotli packs it,
 * in UTF-8 and at quality 9 (11 takes ten times as long for 0.02 bits): what a compressor makes
 * of the split that has read the training split before. (It also brings a dictionary, of
 * English among other languages, that it did not find in either.)
 */
export async function brotliBits({ text, tokenizer, train, validation }: Corpus): Promise<number> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS, // sees 16 MB back
  };
  const bytes = async (text: string) => (await promisify(brotliCompress)(text, { params })).length;
  return 8 * (await bytes(text) - await bytes(tokenizer.decode(train))) / validation.length;
}
