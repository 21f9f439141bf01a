/** The exercises of notebook 02. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const MASKING: Exercises = {};
