/** What is said to an answer: whether it is right, and if not, something that helps. */
export type Exercise = (answer: unknown) => string | Promise<string>;

/** The exercises of a notebook by their names, such as "04.1". */
export type Exercises = Readonly<Record<string, Exercise>>;

/** What is said as long as nobody has answered. */
export const NO_ANSWER = "No answer yet: put yours in the place of NaN and run this cell again.";

/** What is said of something that is no number. */
export const NO_NUMBER = "Not quite: that is no number. Is a return missing, or an await?";

/** An exercise that asks for a number, or for several. */
export interface NumericExercise {
  /** The answer, computed only when somebody asks. */
  truth: () => number | readonly number[] | Promise<number | readonly number[]>;
  /** How far off a right answer may be; it is told with as many decimals.
   * @default {0.01}
   */
  tolerance?: number;
  /** A sentence or two that help whoever is wrong, without the answer. */
  hint: string;
  /** Wrong answers that people arrive at, each with the reason; as exact as the right one, unless
   * they have a tolerance of their own. */
  slips?: readonly { answer: number; reason: string; tolerance?: number }[];
}

/**
 * An exercise that asks for numbers.
 *
 * @example
 * ```ts
 * import { numeric } from "dlm/course/exercises/_exercise.ts";
 * import assert from "node:assert/strict";
 *
 * const reply = numeric({ truth: () => Math.log2(65), hint: "How many bits tell 65 apart?" });
 * assert.equal(await reply(6.02), "Right: it is 6.02.");
 * assert.equal(await reply(5), "Not quite: 5 is too low. How many bits tell 65 apart?");
 * ```
 */
export function numeric({ truth, tolerance = 0.01, hint, slips = [] }: NumericExercise): Exercise {
  return async (answer) => {
    const values = ArrayBuffer.isView(answer) ? [...answer as Float64Array] : [answer].flat();
    const given = await Promise.all(values);
    if (given.some(Number.isNaN)) return NO_ANSWER;
    const answers = given.map((value) => typeof value === "number" ? value : NaN);
    if (answers.some(isNaN)) return NO_NUMBER;
    const truths = [await truth()].flat();
    if (answers.length !== truths.length) {
      return `Not quite: ${truths.length} values are asked for, and here are ${answers.length}.`;
    }
    const isAt = (value: number, place: number, within = tolerance) =>
      Math.abs(value - place) <= within;
    const wrong = truths.findIndex((value, i) => !isAt(answers[i]!, value));
    if (wrong >= 0) {
      const answer = answers[wrong]!;
      const place = truths.length > 1 ? ` (value ${wrong + 1} of ${truths.length})` : "";
      const side = answer > truths[wrong]! ? "high" : "low";
      const slip = slips.find((slip) => isAt(answer, slip.answer, slip.tolerance));
      return `Not quite: ${answer} is too ${side}${place}. ${slip?.reason ?? hint}`;
    }
    if (truths.length > 1) return `Right: all ${truths.length} values fit.`;
    const decimals = Math.max(0, Math.ceil(-Math.log10(tolerance)));
    return `Right: it is ${Number(truths[0]!.toFixed(decimals))}.`;
  };
}
