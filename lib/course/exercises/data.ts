/** The exercises of notebook 01. */
import {
  type Exercise,
  type Exercises,
  NO_ANSWER,
  numeric,
} from "dlm/course/exercises/_exercise.ts";
import { createCorpus, loadCorpus } from "dlm/corpus.ts";
import { ngramBits } from "dlm/measures/ngram.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** How many characters of the validation split a reader's model has to predict. */
const PREDICTED = 2000;

const perplexity = numeric({
  truth: () => 2 ** 2.41,
  tolerance: 0.05,
  hint: "Each of k equally likely characters has the probability 1/k. How many bits does one cost?",
  slips: [
    { answer: Math.E ** 2.41, reason: "That would be right if the 2.41 were nats." },
    { answer: 2.41 ** 2, reason: "That is the square: k doubles with every further bit." },
  ],
});

const doubledBreaks = numeric({
  truth: async () => {
    const { text } = await loadCorpus();
    return await ngramBits(createCorpus("doubled", text.replaceAll("\n", "\n\n")), 2);
  },
  hint: "Double the breaks with text.replaceAll, make a corpus of that, and ask ngramBits.",
});

const backwards = numeric({
  truth: async () => {
    const corpus = await loadCorpus();
    const [train, validation] = [corpus.train.toReversed(), corpus.validation.toReversed()];
    return await ngramBits({ ...corpus, train, validation }, 2);
  },
  hint: "Measure it: turn the training split around and the validation split too.",
});

/** A model of the reader's own: a probability for each character, given all before it. */
const betterThanABigram: Exercise = async (answer) => {
  if (typeof answer !== "function") return NO_ANSWER;
  const corpus = await loadCorpus();
  const validation = corpus.validation.subarray(0, PREDICTED);
  let bits = 0;
  for (const [i, id] of validation.entries()) {
    const p = Array.from((await answer(validation.slice(0, i)) ?? []) as ArrayLike<number>);
    if (i === 0 && p.length === 1 && isNaN(p[0]!)) return NO_ANSWER;
    const fault = faultOf(p, id, corpus.tokenizer);
    if (fault) return `Not quite: for character ${i + 1} of the validation split ${fault}`;
    bits -= Math.log2(p[id]!) / validation.length;
  }
  const bar = await ngramBits({ ...corpus, validation }, 2);
  const both = `${bits.toFixed(2)} bits per character, and the bigram ${bar.toFixed(2)}`;
  if (bits < bar - 0.01) return `Right: your model needs ${both}.`;
  return `Not quite: your model needs ${both}. Start from a model that is as good as the bigram, ` +
    "and give a little of its weight to something that the bigram cannot see.";
};

/** What is wrong with some probabilities, if anything is, when a character comes. */
function faultOf(p: readonly number[], id: number, tokenizer: CharTokenizer): string | undefined {
  const { vocabularySize, characters } = tokenizer;
  if (p.length !== vocabularySize) {
    return `there are ${p.length} probabilities; give one for each of the ${vocabularySize} ` +
      "characters.";
  }
  if (p.some(isNaN)) return "one of the probabilities is no number. Is something divided by 0?";
  const sum = p.reduce((a, b) => a + b, 0);
  if (!(Math.abs(sum - 1) < 1e-6) || p.some((value) => value < 0)) {
    return `the probabilities add up to ${Number(sum.toFixed(6))}. They must not be negative and ` +
      "have to add up to 1, or bits would come for free.";
  }
  if (p[id]! > 0) return undefined;
  return `the probability of ${
    JSON.stringify(characters[id])
  }, which comes, is 0, and that costs ` +
    "infinitely many bits. Mix in a model that thinks nothing impossible.";
}

export const DATA: Exercises = {
  "01.1": perplexity,
  "01.2": doubledBreaks,
  "01.3": backwards,
  "01.4": betterThanABigram,
};
