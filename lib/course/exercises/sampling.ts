/** The exercises of notebook 06. */
import {
  type Exercise,
  type Exercises,
  NO_ANSWER,
  numeric,
} from "dlm/course/exercises/_exercise.ts";
import type { Predictor } from "dlm/crew/predictor.ts";
import { Rng } from "dlm/rng.ts";
import { type Frame, sample } from "dlm/sampler.ts";
import type { Canvas, Sampler } from "dlm/sampling/canvas.ts";

/** `p^(1/τ)` in the place of `p`, for two characters that have 0.8 and 0.2. */
const likelier = (temperature: number) => {
  const [a, b] = [0.8, 0.2].map((p) => p ** (1 / temperature)) as [number, number];
  return a / (a + b);
};

export const SAMPLING: Exercises = {
  "06.1": leftmostFirst,
  "06.2": numeric({
    truth: () => 2 / 2 ** 3,
    tolerance: 0.001,
    hint:
      "Each place is drawn by itself. Between how many letters, and how many words come of that?",
    slips: [
      { answer: 1, reason: "The denoiser is exact, but in one step no letter knows of another." },
      { answer: 1 / 8, reason: "That is the chance of *cat*. It may be *dog* too." },
      { answer: 0.5, reason: "With the first letter drawn, two more have to fit it." },
    ],
  }),
  "06.3": functionOf(
    numeric({
      truth: () => [1, 0.5, 2].map(likelier),
      tolerance: 0.001,
      hint:
        "Tried at the temperatures 1, 0.5 and 2. Dividing the logarithm of a probability by τ " +
        "raises the probability to the power 1/τ; and at last the two have to add up to 1.",
    }),
    [1, 0.5, 2],
  ),
  "06.4": numeric({
    truth: () => 1000 * (1 - (1 - 1 / 1000) ** 64),
    tolerance: 0.5,
    hint: "How likely is it that a given step writes none of the 64? All the others cost one each.",
    slips: [
      { answer: 1000, reason: "A step in which no mask is lifted asks the model nothing." },
      { answer: 64, reason: "Close: now and then two characters share a step." },
    ],
  }),
};

/** An exercise whose answer is a function: its values at some places are told as numbers. */
function functionOf(reply: Exercise, places: readonly number[]): Exercise {
  return (answer) =>
    typeof answer === "function" ? reply(places.map((place) => answer(place))) : NO_ANSWER;
}

/** More than a sampler needs to write two texts of six characters. */
const MOST_CALLS = 200;

/** Why a sampler was stopped. */
class Endless extends Error {}

/** Lets a sampler write two small texts, and looks in which order it does. */
async function leftmostFirst(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  let frames: Frame[];
  let left = 0; // masks at the end, whether it was shown or not
  try {
    const sampler: Sampler = async function* (canvas) {
      yield* answer(patient(canvas)) as ReturnType<Sampler>;
      left = canvas.masks().flat().length;
    };
    const pages = [Int32Array.of(3, 3, 1, 3, 3, 3), Int32Array.of(3, 3, 3, 3, 3, 3)]; // 3 is a mask
    frames = await Array.fromAsync(sample(undecided(), pages, { sampler, rng: new Rng(1) }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Not quite: ${error instanceof Endless ? "" : "it ended with an error. "}${reason}`;
  }
  if (frames.every(({ revealed }) => revealed.length === 0)) {
    return "No answer yet: this sampler writes nothing, or never yields. Fill it in, and run this cell again.";
  }
  return faultOf(frames, left) ??
    "Right: it writes from left to right, one character of each text at a time.";
}

/** What is wrong with two texts that were to be written from left to right. */
function faultOf(frames: readonly Frame[], left: number): string | undefined {
  for (const [n, { revealed, remasked }] of frames.entries()) {
    if (remasked.length > 0) return "Not quite: it takes back what it wrote.";
    const before = frames[Math.max(0, n - 1)]!.sequences.map((ids) => ids.indexOf(3));
    for (const [row, first] of before.entries()) {
      const places = [...revealed].filter((place) => Math.floor(place / 6) === row).map((p) =>
        p % 6
      );
      if (places.length > 1) {
        return `Not quite: between two yields it wrote ${places.length} characters of one text. ` +
          "Write the first mask of each text alone, and yield; then look again.";
      }
      if (places.length === 1 && places[0] !== first) {
        return `Not quite: it wrote place ${
          places[0]
        } while the first mask was at place ${first}. ` +
          "canvas.masks() has a list of places for each text, in order.";
      }
    }
  }
  const { sequences, evaluations, time } = frames.at(-1)!;
  if (left > 0) {
    return `Not quite: it stopped with ${left} of 11 masks left. Go on as long as there is one.`;
  }
  if (sequences.some((ids) => ids.includes(3))) {
    return "Nearly: it writes everything, but yields before it writes, so that the last characters " +
      "are never seen. Yield after each write.";
  }
  const times = frames.map(({ time }) => time);
  if (time !== 0 || times.some((t, n) => n > 0 && !(t <= times[n - 1]!))) {
    return "Nearly: the order is right. What it yields is a time, which goes from 1 down to 0: " +
      "the share of the masks that are left will do.";
  }
  if (evaluations > 6) {
    return `Nearly: the order is right, but it asked ${evaluations} times for two texts where 6 will do. ` +
      "canvas.guess() takes places of several texts at once.";
  }
}

/** A model to which all of three characters are alike, and which does not answer for ever. */
function undecided(): Predictor {
  let calls = 0;
  return {
    vocabularySize: 3,
    context: 6,
    causal: false,
    logits({ rows }) {
      checkCalls(++calls);
      return Promise.resolve(new Float32Array(3 * rows.length));
    },
    surprisals: () => Promise.reject(new Error("Nobody asks for these.")),
  };
}

/** A canvas that does not tell for ever where its masks are. */
function patient(canvas: Canvas): Canvas {
  let calls = 0;
  return {
    ...canvas,
    masks() {
      checkCalls(++calls);
      return canvas.masks();
    },
  };
}

function checkCalls(calls: number): void {
  if (calls <= MOST_CALLS) return;
  throw new Endless(
    "it goes on for ever. Does it write what it guessed, look at the masks again each time, " +
      "and end when there are none?",
  );
}
