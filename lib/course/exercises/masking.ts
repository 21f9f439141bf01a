/** The exercises of notebook 02. */
import {
  type Exercise,
  type Exercises,
  NO_ANSWER,
  numeric,
} from "dlm/course/exercises/_exercise.ts";
import { cosine, linear, revealProbability, type Schedule } from "dlm/schedule.ts";

const noMask = numeric({
  truth: () => linear.alpha(0.01) ** 64,
  hint: "How likely is one character to stay? And 64 of them, each on its own?",
  slips: [
    { answer: 0.99, reason: "That is one character; here 64 have to stay." },
    { answer: 1 - 0.64, reason: "That subtracts 64 times a hundredth, as if only one could go." },
  ],
});

const halfTaken = numeric({
  truth: () => cosine.inverse(0.5),
  hint: "Set the formula for alpha to one half. Which angle has the cosine that you then need?",
  slips: [
    { answer: 2 / 3, reason: "That is 1 - t." },
    { answer: 0.5, reason: "That would be the linear schedule." },
  ],
});

const lateStep = numeric({
  truth: () => revealProbability(linear, 0.2, 0.25),
  hint: "Put alpha at 0.2 and at 0.25 into the formula of section 4.",
  slips: [
    { answer: 0.05, reason: "That is the share of the whole text; of the masks it is more." },
    { answer: 0.8, reason: "That is the probability to stay masked." },
  ],
});

const emptySteps = numeric({
  truth: () => 64 * (1 - 1 / 64) ** 64,
  tolerance: 0.75,
  hint:
    "Count the steps after which the text is what it was before. With a hundred walks or more " +
    "the mean is exact enough.",
  slips: [{
    answer: (1 - 1 / 64) ** 64,
    tolerance: 0.05,
    reason: "That is the share of the steps that show nothing new. How many of the 64 are that?",
  }, {
    answer: 0,
    reason: "One character a step is only the mean: some steps show two or three, and so others " +
      "must show none.",
  }],
});

/** A schedule of the reader's own. */
const ownSchedule: Exercise = (answer) => {
  if (typeof answer !== "object" || answer === null) return NO_ANSWER;
  const schedule = answer as Schedule;
  const { alpha, derivative, inverse } = schedule;
  if ([alpha, derivative, inverse].some((part) => typeof part !== "function")) {
    return "Not quite: alpha, derivative and inverse all have to be functions.";
  }
  if (isNaN(schedule.alpha(0.5))) return NO_ANSWER;
  const fault = faultOf(schedule);
  if (fault) return `Not quite: ${fault}`;
  return `Right: that is a schedule. At half time it leaves ${
    Math.round(100 * schedule.alpha(0.5))
  } % of ` +
    "a text, and the linear one 50 %.";
};

/** Within [0, 1], at even distances and away from its ends. */
const INSIDE = Array.from({ length: 50 }, (_, i) => (i + 0.5) / 50);

/** What is wrong with a schedule, if anything is. */
function faultOf(schedule: Schedule): string | undefined {
  // Called on the object, since its functions may call each other.
  const alpha = (t: number) => Number(schedule.alpha(t));
  const derivative = (t: number) => Number(schedule.derivative(t));
  const inverse = (left: number) => Number(schedule.inverse(left));
  const told = (value: number) => Number(value.toFixed(4));
  const off = (a: number, b: number, tolerance = 1e-6) => !(Math.abs(a - b) <= tolerance);
  if (off(alpha(0), 1)) {
    return `alpha(0) is ${told(alpha(0))}, but at t = 0 the whole text is there.`;
  }
  if (off(alpha(1), 0)) return `alpha(1) is ${told(alpha(1))}, but at t = 1 nothing may be left.`;
  for (const t of INSIDE) {
    const [before, after] = [alpha(t - 0.01), alpha(t + 0.01)];
    const rounded = before === after && derivative(t) < 0; // a slope too small to be seen
    if (!(before > after || rounded)) {
      return `alpha is ${told(before)} at t = ${told(t - 0.01)} and ${told(after)} at ` +
        `t = ${told(t + 0.01)}. It must fall all the time: no character comes back, and a clock ` +
        "that stands still has no inverse.";
    }
    const [past, now, next] = [alpha(t - 1e-5), alpha(t), alpha(t + 1e-5)] as const;
    const slope = (next - past) / 2e-5;
    const slopes = [slope, (now - past) / 1e-5, (next - now) / 1e-5]; // at a corner there are two
    if (slopes.every((slope) => off(derivative(t), slope, 1e-3 * (1 - slope)))) {
      return `derivative(${told(t)}) is ${told(derivative(t))}, but from there alpha changes by ` +
        `${told(slope)} per unit of time. Since alpha falls, its slope is negative.`;
    }
  }
  for (const left of INSIDE) {
    const t = inverse(left);
    if (t >= 0 && t <= 1 && !off(alpha(t), left, 1e-4)) continue;
    return `inverse(${told(left)}) is ${told(t)}, which should be the time at which ` +
      `${told(left)} of the text is left` +
      (t >= 0 && t <= 1 ? `, but then alpha is ${told(alpha(t))}.` : ", a number from 0 to 1.");
  }
  return undefined;
}

export const MASKING: Exercises = {
  "02.1": noMask,
  "02.2": halfTaken,
  "02.3": lateStep,
  "02.4": ownSchedule,
  "02.5": emptySteps,
};
