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
  if (reply) return await reply(answer);
  throw new RangeError(
    `There is no exercise "${exercise}" that can be checked: give one of ${
      Object.keys(EXERCISES).join(", ")
    }.`,
  );
}
