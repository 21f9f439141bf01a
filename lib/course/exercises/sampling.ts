/** The exercises of notebook 06. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const SAMPLING: Exercises = {};
