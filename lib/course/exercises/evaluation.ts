/** The exercises of notebook 07. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const EVALUATION: Exercises = {};
