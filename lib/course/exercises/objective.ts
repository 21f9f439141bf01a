/** The exercises of notebook 04. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const OBJECTIVE: Exercises = {};
