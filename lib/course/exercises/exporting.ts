/** The exercises of notebook 09. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const EXPORTING: Exercises = {};
