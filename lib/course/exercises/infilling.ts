/** The exercises of notebook 08. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const INFILLING: Exercises = {};
