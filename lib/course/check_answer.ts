import { Interrupted } from "dlm/backend/interrupt.ts";
import { EXERCISES } from "dlm/course/exercises/mod.ts";

/**
 * Says on the console whether an answer to an exercise of the notebooks is right, and if it is not,
 * something that helps. The answers are in `lib/course/exercises`, a file for each notebook; the
 * ways to them are in `notebooks/solutions.ipynb`.
 *
 * @param exercise the notebook and the exercise, such as "04.1"
 * @param answer a number, several, or what else the exercise asks for; NaN stands for no answer
 * yet, so that a notebook runs from top to bottom before anything in it is solved
 * @throws {RangeError} if there is no such exercise
 */
export async function checkAnswer(exercise: string, answer: unknown): Promise<void> {
  console.log(await replyTo(exercise, answer));
}

/** What {@linkcode checkAnswer} says. */
export async function replyTo(exercise: string, answer: unknown): Promise<string> {
  const reply = EXERCISES[exercise];
  if (!reply) {
    throw new RangeError(
      `There is no exercise "${exercise}" that can be checked: give one of ${
        Object.keys(EXERCISES).join(", ")
      }.`,
    );
  }
  try {
    return await reply(answer);
  } catch (error) {
    if (!canFail(answer) || error instanceof Interrupted) throw error;
    return `Not quite: it ended with an error. ${error instanceof Error ? error.message : error}`;
  }
}

/** Whether an answer runs code, such as a function or a promise; numbers and arrays of them do not. */
function canFail(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some(canFail);
  return typeof answer === "function" ||
    (typeof answer === "object" && answer !== null && !ArrayBuffer.isView(answer));
}
