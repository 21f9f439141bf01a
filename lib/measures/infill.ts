import { likelihood } from "dlm/measures/likelihood.ts";
import { type OnProgress, type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";

/** A template and how well its holes fit what is given around them. */
export interface RankedTemplate {
  template: Int32Array;
  /** `-log p` of what is given after the first difference between the templates, given what
   * stands before it and whatever is in the holes: an estimated upper bound, in nats. */
  nats: number;
  /** The standard error of the nats, from the random choice of masks. */
  standardError: number;
  /** How probable the template is among all, if each was as likely beforehand. */
  probability: number;
}

/** Options for {@linkcode rankTemplates}. */
export interface RankTemplatesOptions {
  /** How many rounds to measure; in each, every character takes one sequence.
   * @default {8}
   */
  rounds?: number;
  /** Decides what is masked.
   * @default {0}
   */
  seed?: number;
  /** Hears the share done, in [0, 1]. */
  onProgress?: OnProgress;
}

/**
 * Compares templates that give the same text around holes of different lengths.
 *
 * Texts of different lengths cannot be compared by their likelihood once the holes are
 * filled: each character more costs its surprisal, so the total prefers short holes, and the
 * mean per character prefers those that are filled with what is easy to guess. What the
 * lengths do compete for is what is given. "The text goes on like this after 7 more
 * characters" and "after 8 more" are two claims about the same text, and `p(after | before)`
 * with the hole left masked is the probability of each, summed over all fillings. Every
 * template is followed by masks up to the model's context, for any continuation; so all are
 * measured on texts of one length. By Bayes' rule, with no length preferred beforehand, the
 * probability of a length is proportional to `p(after | before)`.
 *
 * Behind a long hole nothing of what stands before it can be told any more, and all longer
 * ones are as good: this finds the length of a word, not of a speech.
 *
 * @param templates as from `readTemplates()`, each with some text after the hole
 * @throws {RangeError} if the model is causal, there is nothing to compare, or a template is longer
 * than the model's context
 */
export async function rankTemplates(
  model: Denoiser | Predictor,
  templates: readonly Int32Array[],
  options: RankTemplatesOptions = {},
): Promise<RankedTemplate[]> {
  const { rounds = 8, seed = 0, onProgress } = options;
  const predictor = predictorOf(model);
  const { context, vocabularySize: maskId, causal } = predictor;
  if (causal) {
    throw new RangeError(
      "A causal model predicts the next character and cannot fill in masks: compare with a denoiser.",
    );
  }
  const known = commonPrefix(templates);
  const longest = templates.reduce((most, { length }) => Math.max(most, length), 0);
  if (longest > context) { // which the last might only tell after minutes
    throw new RangeError(
      `The longest template has ${longest} characters, but the model reads ${context} at a time: ` +
        `give shorter holes, or less text around them.`,
    );
  }
  if (templates.some((template) => !template.subarray(known).some((id) => id !== maskId))) {
    throw new RangeError(
      "Nothing is given after the hole, so any length is as likely: give text after it, or its length.",
    );
  }
  const ranked: RankedTemplate[] = [];
  for (const template of templates) {
    const text = new Int32Array(context).fill(maskId);
    text.set(template);
    const given = text.slice().fill(maskId, known);
    const { nats, standardError } = await likelihood(predictor, text, { given, rounds, seed });
    ranked.push({ template, nats, standardError, probability: 0 });
    onProgress?.(ranked.length / templates.length);
  }
  const least = Math.min(...ranked.map(({ nats }) => nats));
  const weights = ranked.map(({ nats }) => Math.exp(least - nats));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return ranked.map((entry, i) => ({ ...entry, probability: weights[i]! / total }));
}

/** How many token ids all templates begin with alike. */
function commonPrefix([first, ...others]: readonly Int32Array[]): number {
  if (!first || others.length === 0) {
    throw new RangeError("There is nothing to compare: give at least 2 templates.");
  }
  const differs = (id: number, i: number) => others.some((other) => other[i] !== id);
  const length = first.findIndex(differs);
  return length < 0 ? first.length : length;
}
