/** The exercises of notebook 01. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const DATA: Exercises = {};
