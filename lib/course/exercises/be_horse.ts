/** The exercises of notebook 10. */
import { type Exercises, numeric } from "dlm/course/exercises/_exercise.ts";
import { bitsBySteps } from "dlm/measures/noise_levels.ts";
import { SIMPLE_DLM } from "dlm/simple_dlm/choices.ts";
import { simpleDlmShapes } from "dlm/simple_dlm/simple_dlm.ts";

/** The standard deviation of a uniform number from [0, 1). */
const UNIFORM = 12 ** -0.5;

export const BE_HORSE: Exercises = {
  "10.1": numeric({
    truth: () => -Math.log2(1 - 0.1),
    tolerance: 0.005,
    hint:
      "Which share of its probability is left for the true character, and what does a share cost?",
    slips: [
      { answer: -Math.log2(0.1), reason: "That is what a character costs that has this tenth." },
      { answer: 0.1, reason: "That is a share; its price is a logarithm." },
    ],
  }),
  "10.2": numeric({
    truth: () => 2 * bitsBySteps([0, 2], 20),
    hint: "Find C(1), where the other word shows, and C(2), where nothing does. " +
      "How often do the two words share a step?",
    slips: [
      { answer: 2, reason: "That is the entropy: what it costs if the words never share a step." },
      { answer: 4, reason: "That is the price of a single step." },
      { answer: 1.05, reason: "That is the price for each of the two words." },
      { answer: 2.05, reason: "When both share a step, more than one bit is wasted: how much?" },
    ],
  }),
  "10.3": numeric({
    truth: () => [4 * UNIFORM, 4 * UNIFORM / Math.sqrt(32)],
    hint: "Only 4t is random. With one t, all 32 sequences err together; " +
      "the mean of 32 independent numbers errs less, by a factor that you know.",
    slips: [
      { answer: UNIFORM, reason: "That is the standard deviation of t; the cost changes faster." },
      { answer: 4 * UNIFORM / 32, reason: "That is divided by 32, as a variance would be." },
    ],
  }),
  "10.4": numeric({
    truth: () => {
      const config = { vocabularySize: 65, layers: 2, width: 64, heads: 1, context: 64 };
      const shapes = Object.values(simpleDlmShapes({ ...config, choices: SIMPLE_DLM }));
      return shapes.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
    },
    tolerance: 0.5,
    hint: "Go through the function: two tables, the share of masks, in each block two norms and " +
      "three matrices with their biases, and the head. The mask is a token too.",
    slips: [
      { answer: 103_232, reason: "The biases of the matrices are missing." },
      { answer: 104_257, reason: "The mask has a row in the table and an output of the head." },
      { answer: 103_874, reason: "The norms are missing: a gain and a bias each." },
    ],
  }),
};
