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

/** The one that is in memory. */
let kept: Transformer | undefined;

/**
 * A small model that knows nothing yet, for a notebook's cell to train by hand, and the text to
 * learn from: two blocks of width 32, for 32 characters.
 *
 * It stays in memory until the next one is asked for, so that a cell need not free it and can be
 * run any number of times. Each begins anew.
 */
export async function untrainedModel(
  { seed = 1, source }: UntrainedModelOptions = {},
): Promise<{ model: Transformer; corpus: Corpus }> {
  const corpus = await loadCorpus(source);
  const config = { ...SMALL, vocabularySize: corpus.tokenizer.vocabularySize };
  const parameters = initialParameters(config, new Rng(seed).stream("initialisation"));
  kept?.[Symbol.dispose]();
  kept = new Transformer(config, parameters);
  return { model: kept, corpus };
}
