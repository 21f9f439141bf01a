/** The exercises of notebook 03. */
import type { Exercises } from "dlm/course/exercises/_exercise.ts";

export const DENOISER: Exercises = {};
