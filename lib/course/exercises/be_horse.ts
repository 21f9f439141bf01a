/** The exercises of notebook 10. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const BE_HORSE: Exercises = {};
