/**
 * What to say to a reader's answer to an exercise. NaN stands for no answer yet, so that a
 * notebook runs from top to bottom before anything in it is solved.
 *
 * @example
 * ```ts
 * import { checkAnswer } from "dlm/course/answer.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(checkAnswer(3, 3.001), "Right: it is 3.");
 * ```
 *
 * @param answer a number, or several where a function was asked for
 * @param truth as many
 * @param tolerance how far off a right answer may be; `truth` is told with as many decimals
 */
export function checkAnswer(
  answer: number | readonly number[],
  truth: number | readonly number[],
  tolerance: number = 0.01,
): string {
  const answers = [answer].flat();
  const truths = [truth].flat();
  if (answers.some(isNaN)) {
    return "No answer yet: put yours in the place of NaN and run this cell again.";
  }
  if (answers.length !== truths.length) {
    return `Not quite: ${truths.length} values are asked for, and here are ${answers.length}.`;
  }
  const wrong = truths.findIndex((value, i) => !(Math.abs(answers[i]! - value) <= tolerance));
  if (wrong >= 0) {
    const side = answers[wrong]! > truths[wrong]! ? "high" : "low";
    const place = truths.length > 1 ? ` (value ${wrong + 1} of ${truths.length})` : "";
    return `Not quite: ${answers[wrong]} is too ${side}${place}.`;
  }
  if (truths.length > 1) return `Right: all ${truths.length} values fit.`;
  const decimals = Math.max(0, Math.ceil(-Math.log10(tolerance)));
  return `Right: it is ${Number(truths[0]!.toFixed(decimals))}.`;
}
