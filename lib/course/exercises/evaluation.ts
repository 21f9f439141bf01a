/** The exercises of notebook 07. */
import { type Exercises, NO_ANSWER, NO_NUMBER, numeric } from "dlm/course/exercises/_exercise.ts";
import { learnByHeart } from "dlm/measures/novelty.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** What three characters cost in each of the six orders, in bits. */
const ORDERS = [5, 5, 5, 5, 5, 1];

const FOUND = 308 / 400;

/** Pages to find copies in, each with the text that is known. */
const PAGES = [
  ["be horse", "my horse, be quiet"],
  ["my horse", "my horse, be quiet"], // all of it
  ["and be quiet", "my horse, be quiet"], // at the end of both
  ["be bee", "be my bee"], // what is longest does not begin first
  ["zzz", "my horse, be quiet"], // nothing
] as const;

export const EVALUATION: Exercises = {
  "07.1": numeric({
    truth: () => 400 * (0.018 / 0.006) ** 2,
    tolerance: 0.5,
    hint: "The error falls with the square root of the number of windows.",
    slips: [
      { answer: 1200, reason: "Three times as many windows divide the error by √3 only." },
      { answer: 9, reason: "That is how many times as many; the number of windows is asked for." },
    ],
  }),
  "07.2": numeric({
    truth: () => (2.95 - 2.92) / Math.hypot(0.02, 0.02),
    tolerance: 0.05,
    hint: "Divide the difference by its own error; the squares of independent errors add up.",
    slips: [
      { answer: 1.5, reason: "The difference is less certain than either number is." },
      { answer: 0.75, reason: "Add the squares of the errors, not the errors." },
    ],
  }),
  "07.3": numeric({
    truth: () => [
      ORDERS.reduce((sum, bits) => sum + bits, 0) / ORDERS.length,
      -Math.log2(ORDERS.reduce((sum, bits) => sum + 2 ** -bits, 0) / ORDERS.length),
    ],
    hint: "One of them is the mean of the surprisals, the other the surprisal of the mean " +
      "probability: 5 bits are a probability of 1/32.",
  }),
  "07.4": numeric({
    truth: () => (0.8 - FOUND) / Math.sqrt(FOUND * (1 - FOUND) / 400),
    tolerance: 0.05,
    hint: "How far are the two shares apart, and what is the standard error of the one found?",
    slips: [{
      answer: 1.5,
      reason: "That takes the standard error for the share that was claimed; take the one found.",
    }],
  }),
  "07.5": checkLongestCopy,
};

/** Tries somebody's `longestCopy(page, known)` on some pages. */
async function checkLongestCopy(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  for (const [page, known] of PAGES) {
    const found = await answer(page, known);
    if (Number.isNaN(found)) return NO_ANSWER;
    if (typeof found !== "number") return NO_NUMBER;
    const truth = longestCopy(page, known);
    if (found === truth) continue;
    return `Not quite: for the page "${page}" and the known text "${known}" it gives ${found}, but ` +
      `the longest run has ${truth}. Let a run begin at each place of the page, and grow while it is known.`;
  }
  return "Right: it finds the longest copy on all pages that were tried.";
}

function longestCopy(page: string, known: string): number {
  const tokenizer = CharTokenizer.fromText(page + known);
  const runs = learnByHeart(tokenizer.encode(known)).copiedRuns(tokenizer.encode(page));
  return Math.max(...runs);
}
