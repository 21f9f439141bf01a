/** The exercises of notebook 05. */
import { loadCorpus } from "dlm/corpus.ts";
import { type Exercises, numeric } from "dlm/course/exercises/_exercise.ts";

const whatOneCounts = numeric({
  truth: () => [64 / 16, Math.sqrt(64 / 16)],
  hint: "In the mean of a row each of its k masks counts 1/k. In the training loss that is " +
    "multiplied by the weight of the row.",
  slips: [
    {
      answer: 1 / 4,
      reason: "That is the other way round: the fewer masks, the more each counts.",
    },
    {
      answer: 8,
      reason: "That multiplies by the weights of the rows the wrong way round: the row " +
        "with more masks has the larger weight.",
    },
    { answer: 1, reason: "That would be so if all masks of a batch counted alike." },
  ],
});

/** The windows of a step, and the characters of each. */
const [WINDOWS, LENGTH] = [16, 64];

const onceThrough = numeric({
  truth: async () => (await loadCorpus()).train.length / (WINDOWS * LENGTH),
  tolerance: 5,
  hint:
    "Each piece of text is read twice, and what is masked in one row shows in the other. So of " +
    "how many characters does a step ask?",
});

const halfTheWeight = numeric({
  truth: () => Math.log(0.5) / Math.log(0.995),
  tolerance: 1,
  hint: "Each step back multiplies the weight by beta. After how many steps has it halved?",
  slips: [
    { answer: 200, reason: "That is 1 / (1 - beta), after which e^-1 of the weight is left." },
    {
      answer: 100,
      reason: "That subtracts half a percent of the first weight in each step; but " +
        "it is half a percent of what is left.",
    },
  ],
});

export const TRAINING: Exercises = {
  "05.1": whatOneCounts,
  "05.2": onceThrough,
  "05.4": halfTheWeight,
};
