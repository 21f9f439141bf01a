import { PRESETS } from "dlm/training/presets.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { randomParameters, randomTraining, TINY } from "../_support.ts";

/** A finished model, with characters that are hard to write down. */
export const finished: Checkpoint = {
  version: "1.2.3",
  config: TINY,
  characters: ["\n", "\r", '"', "é", "🙂"],
  corpus: { name: "a text with 🙂.txt", sha256: "c0ffee" },
  average: randomParameters(TINY, 1),
};

/** One that can be trained on. */
export const unfinished: Checkpoint = {
  ...finished,
  kernels: "native avx2",
  training: {
    ...randomTraining(TINY, 2),
    done: { step: 40, seconds: 1.5 },
    settings: { ...PRESETS.smoke, seed: 7 },
  },
};
