import type { Exercises } from "dlm/course/exercises/_exercise.ts";
import { DATA } from "dlm/course/exercises/data.ts";
import { MASKING } from "dlm/course/exercises/masking.ts";
import { DENOISER } from "dlm/course/exercises/denoiser.ts";
import { OBJECTIVE } from "dlm/course/exercises/objective.ts";
import { TRAINING } from "dlm/course/exercises/training.ts";
import { SAMPLING } from "dlm/course/exercises/sampling.ts";
import { EVALUATION } from "dlm/course/exercises/evaluation.ts";
import { INFILLING } from "dlm/course/exercises/infilling.ts";
import { EXPORTING } from "dlm/course/exercises/exporting.ts";
import { BE_HORSE } from "dlm/course/exercises/be_horse.ts";

/** All exercises that can be checked, by notebook and number. */
export const EXERCISES: Exercises = {
  ...DATA,
  ...MASKING,
  ...DENOISER,
  ...OBJECTIVE,
  ...TRAINING,
  ...SAMPLING,
  ...EVALUATION,
  ...INFILLING,
  ...EXPORTING,
  ...BE_HORSE,
};
