import type { NamedArrays } from "dlm/backend/variables.ts";
import { type Corpus, loadCorpus } from "dlm/corpus.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";

/** The size of a model that learns something in seconds. */
const SMALL = { layers: 2, width: 32, heads: 2, context: 32, causal: false };

/** Options for {@linkcode untrainedModel}. */
export interface UntrainedModelOptions {
  /** Decides the random parameters.
   * @default {1}
   */
  seed?: number;
  /** The corpus's name or path.
   * @default {what the reader chose, or else tiny Shakespeare}
   */
  source?: string;
}

/** A model that knows nothing, the numbers that it began with, and a text to learn from. */
export interface UntrainedModel {
  model: Transformer;
  /** What its parameters are at first, copied. */
  start: NamedArrays;
  corpus: Corpus;
}

/** The one that is in memory. */
let kept: Transformer | undefined;

/**
 * A small model that knows nothing yet, for a notebook's cell to train by hand: two blocks of width
 * 32, for 32 characters.
 *
 * It stays in memory until the next one is asked for, so that a cell need not free it and can be
 * run any number of times. Each begins anew.
 */
export async function untrainedModel(
  { seed = 1, source }: UntrainedModelOptions = {},
): Promise<UntrainedModel> {
  const corpus = await loadCorpus(source);
  const config = { ...SMALL, vocabularySize: corpus.tokenizer.vocabularySize };
  const start = initialParameters(config, new Rng(seed).stream("initialisation"));
  kept?.[Symbol.dispose]();
  kept = new Transformer(config, start);
  return { model: kept, start, corpus };
}
