/** The exercises of notebook 08. */
import { type Exercises, NO_ANSWER, numeric } from "dlm/course/exercises/_exercise.ts";
import { readTemplates } from "dlm/sampling/templates.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

export const INFILLING: Exercises = {
  "08.1": beliefs,
  "08.2": tornTemplates,
  "08.3": numeric({
    truth: () => readTemplates("[2-4] [3-12]", CharTokenizer.fromText(" ")).length,
    tolerance: 0.5,
    hint: "Each length of the one hole may come with each length of the other.",
    slips: [
      { answer: 13, reason: "There are so many lengths; but they come in pairs." },
      { answer: 18, reason: "From 2 to 4 there are three lengths, since both ends count." },
    ],
  }),
  "08.4": numeric({
    truth: () => 0.9 ** 2 / (0.9 ** 2 + 0.1),
    tolerance: 0.005,
    hint: "How likely is Wednesday after Monday with one entry between them, and how likely with " +
      "none? Bayes' rule does the rest.",
    slips: [
      { answer: 0.9, reason: "With an entry between them there are two steps, not one." },
      { answer: 0.81, reason: "That is how likely the one way is. What share of both ways is it?" },
    ],
  }),
};

/** Bits and what was held likely beforehand, with the probabilities that follow. */
const BELIEFS = [
  { bits: [12, 14], before: [1, 1] },
  { bits: [12, 14], before: [1, 3] },
  { bits: [5, 5, 6], before: [2, 1, 4] },
];

async function beliefs(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  for (const { bits, before } of BELIEFS) {
    const given = Array.from(
      Object(await answer([...bits], [...before])) as ArrayLike<unknown>,
      Number,
    );
    if (given.length === 0 || (given.length === 1 && isNaN(given[0]!))) return NO_ANSWER;
    const weights = bits.map((cost, i) => before[i]! * 2 ** -cost);
    const truth = weights.map((weight) => weight / weights.reduce((a, b) => a + b));
    if (given.length === truth.length && truth.every((p, i) => Math.abs(p - given[i]!) < 0.005)) {
      continue;
    }
    const told = (numbers: readonly number[]) => numbers.map((x) => +x.toFixed(3)).join(", ");
    const sum = given.reduce((a, b) => a + b);
    const hint = given.length !== truth.length
      ? "Give a probability for each word."
      : given.some(isNaN)
      ? "One of them is no number. Is something divided by 0?"
      : Math.abs(sum - 1) > 0.005
      ? `They add up to ${+sum.toFixed(3)}. The probabilities of all words are 1 together.`
      : before.some((likely) => likely !== before[0])
      ? "What was held likely beforehand is multiplied by what the bits say, not replaced by it."
      : "A bit less makes a word twice as likely.";
    return `Not quite: for ${told(bits)} bits and ${told(before)} beforehand it gives ` +
      `${told(given)}. ${hint}`;
  }
  return "Right: the bits and what was held beforehand make these beliefs.";
}

/** Lines and words to tear out of them. */
const TORN = [
  { line: "Good night, my lord.", word: "night", template: "Good [5], my lord." },
  { line: "the cat, the dog", word: "the", template: "[3] cat, the dog" },
  { line: "[Exit Romeo, alone]", word: "Romeo", template: "[[Exit [5], alone]" },
  { line: "[Aside] Good night. [Exit]", word: "night", template: "[[Aside] Good [5]. [[Exit]" },
];

async function tornTemplates(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  for (const { line, word, template } of TORN) {
    const given: unknown = await answer(line, word);
    if (typeof given !== "string" || given === "") {
      return "No answer yet: give a template in the place of the empty text, and run this cell again.";
    }
    if (given === template) continue;
    const hint = line.includes("[") || given.includes("[[")
      ? "An opening bracket that is meant as such is doubled; a closing one is not, nor the hole's own."
      : "The first occurrence of the word becomes a bracket with its number of characters.";
    return `Not quite: of ${JSON.stringify(line)} without ${JSON.stringify(word)} it makes ` +
      `${JSON.stringify(given)}. ${hint}`;
  }
  return "Right: these are templates.";
}
