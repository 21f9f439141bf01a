/** The exercises of notebook 05. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const TRAINING: Exercises = {};
