/** The exercises of notebook 04. */
import { mean, standardDeviation } from "simple-statistics";
import { type Exercises, NO_ANSWER, numeric } from "dlm/course/exercises/_exercise.ts";
import { oneTo } from "dlm/course/one_to.ts";
import { averageCosts } from "dlm/languages/enumeration.ts";
import { markovLanguage } from "dlm/languages/known_languages.ts";
import { bitsBySteps } from "dlm/measures/noise_levels.ts";
import { Rng } from "dlm/rng.ts";
import type { Schedule } from "dlm/schedule.ts";

/** The middles of many equal parts of [0, 1]: a mean over them is an integral. */
const MIDDLES = oneTo(1000).map((i) => (i - 0.5) / 1000);

/** What a masked character costs the model of section 8, in nats, where a share is masked. */
const cost = (share: number) => 0.8 + 2.5 * share ** 3;

/** How much the loss of one long text scatters with a uniform time and the linear schedule. */
const LINEAR_SPREAD = standardDeviation(MIDDLES.map(cost));

export const OBJECTIVE: Exercises = {
  "04.1": numeric({
    truth: () => [24 / 16, 24 / (0.2 * 64)],
    tolerance: 0.005,
    hint: "By exact counts the loss is the mean of the surprisals that were asked for. In the " +
      "weighted sum each of them is divided by t, and all of it by the characters of the text.",
    slips: [
      {
        answer: 24 / 64,
        reason: "That shares the surprisals of 16 masks among 64 characters. By exact " +
          "counts 16 share them; in the weighted sum they are divided by t besides.",
      },
      { answer: 64 / 16 * 24, reason: "That is the loss of the whole text." },
      { answer: 24 / 0.2, reason: "That is the loss of the whole text." },
      { answer: 24 / (0.2 * 16), reason: "That is weighted twice: compare section 7." },
    ],
  }),
  "04.2": numeric({
    truth: () => {
      const costs = MIDDLES.map((share) => 1 + 3 * share);
      return [mean(costs), 2 * mean(costs.map((nats, i) => nats * MIDDLES[i]!))];
    },
    hint: "The NELBO counts every share of masks alike. In the pool a text counts in proportion " +
      "to its masks: read the table of section 7 with integrals in the place of its sums.",
    slips: [
      { answer: 1.5, reason: "A mean needs weights that add up to 1, and those m do not." },
      { answer: 4, reason: "That is what a mask costs where nothing shows." },
    ],
  }),
  "04.3": numeric({
    truth: async () => {
      const [initial, transitions] = [[0.5, 0.5], [[1, 0], [0, 1]]];
      const coin = markovLanguage({ length: 3, initial, transitions });
      const bits = (await averageCosts(coin)).map((nats) => nats / Math.LN2);
      return [coin.entropy / Math.LN2, 3 * bitsBySteps(bits, 1)];
    },
    tolerance: 0.005,
    hint: "Which texts are there, and how likely is each? And in a single step: what does the " +
      "denoiser see when it is asked for the second toss?",
  }),
  "04.4": judgeSchedule,
  "04.5": judgeTimes,
};

/** By how much a schedule or a way to draw times must beat the plain one. */
const GOOD = { schedule: 0.5, times: 0.8 };

/** A schedule is good if the loss of a long text scatters little where times are independent. */
function judgeSchedule(answer: unknown): string {
  const schedule = Object(answer) as Schedule; // whose functions may call each other
  if (typeof schedule.alpha !== "function" || typeof schedule.derivative !== "function") {
    return NO_ANSWER;
  }
  const alpha = (t: number) => Number(schedule.alpha(t));
  const derivative = (t: number) => Number(schedule.derivative(t));
  if (isNaN(alpha(0.5))) return NO_ANSWER;
  const fault = faultOfCurve(alpha) ?? faultOfSlope(alpha, derivative);
  if (fault) return `Not quite: ${fault}`;
  const losses = MIDDLES.map((t) => -derivative(t) * cost(1 - alpha(t)));
  const ratio = standardDeviation(losses) / LINEAR_SPREAD;
  const told = `its loss scatters ${ratio.toFixed(2)} times as much as the linear one's`;
  if (ratio <= GOOD.schedule) return `Right: it is a schedule, and ${told}, in long texts.`;
  const peak = MIDDLES[losses.indexOf(Math.max(...losses))]!;
  return `Not quite: it is a schedule, but ${told}, in long texts. Its curve is highest near ` +
    `t = ${peak.toFixed(1)}: the clock should go more slowly there.`;
}

function faultOfCurve(alpha: (t: number) => number): string | undefined {
  const [first, last] = [alpha(0), alpha(1)];
  if (!(Math.abs(first - 1) < 1e-6)) return `alpha(0) is ${first}, where all of the text shows.`;
  if (!(Math.abs(last) < 1e-6)) return `alpha(1) is ${last}, where nothing is left of the text.`;
  const shares = [1, ...MIDDLES.map(alpha), 0];
  if (shares.every((share, i) => i === 0 || share <= shares[i - 1]! + 1e-9)) return undefined;
  return "alpha rises somewhere, but what is masked stays masked.";
}

function faultOfSlope(
  alpha: (t: number) => number,
  derivative: (t: number) => number,
): string | undefined {
  for (const t of MIDDLES) {
    const [past, now, next] = [alpha(t - 1e-5), alpha(t), alpha(t + 1e-5)] as const;
    const [told, slope] = [derivative(t), (next - past) / 2e-5];
    const slopes = [slope, (now - past) / 1e-5, (next - now) / 1e-5]; // at a corner there are two
    const fits = (slope: number) => Math.abs(told - slope) <= 0.01 * Math.max(1, Math.abs(slope));
    if (slopes.some(fits)) continue;
    return `your derivative at t = ${t.toFixed(2)} is ${told.toFixed(2)}, but alpha has a slope ` +
      `of ${slope.toFixed(2)} there.`;
  }
  const fall = -mean(MIDDLES.map(derivative));
  if (Math.abs(fall - 1) < 0.02) return undefined;
  return `along its slopes alpha falls by ${
    fall.toFixed(2)
  } and not by 1: it jumps somewhere, and ` +
    "what is masked in a jump is never asked.";
}

/** A way to draw times is good if each is uniform, and the loss of long texts scatters little. */
async function judgeTimes(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  const rng = new Rng(1);
  const batches: number[][] = [];
  while (batches.length < 4000) {
    batches.push(Array.from((await answer(64, rng) ?? []) as ArrayLike<number>, Number));
  }
  if (batches[0]!.some(isNaN)) return NO_ANSWER;
  const fault = faultOfTimes(batches, 64);
  if (fault) return `Not quite: ${fault}`;
  const spread = standardDeviation(batches.map((times) => mean(times.map(cost))));
  const ratio = spread / (LINEAR_SPREAD / Math.sqrt(64));
  const told = `the loss scatters ${ratio.toFixed(2)} times as much as with independent times`;
  if (ratio <= GOOD.times) return `Right: each time is uniform, and ${told}, in long texts.`;
  return `Not quite: each time is uniform, but ${told}, in long texts. A batch should have early ` +
    `times and late ones: let some times depend on others.`;
}

function faultOfTimes(batches: readonly number[][], count: number): string | undefined {
  const odd = batches.find(({ length }) => length !== count);
  if (odd) return `for ${count} texts there are ${odd.length} times.`;
  const stray = batches.flat().find((t) => !(t >= 0 && t < 1));
  if (stray !== undefined) return `one of the times is ${stray}: all of them lie in [0, 1).`;
  if (!isUniform(batches.flat())) {
    return "some parts of [0, 1) come up more often than others, and that changes the mean of the loss.";
  }
  if (!isUniform(batches.flat().map((t) => (t * count) % 1))) {
    return `the times lie on a grid of ${count}, and what is masked between its lines is never asked.`;
  }
  const ends = [batches.flat().some((t) => t < 0.002), batches.flat().some((t) => t > 0.998)];
  if (ends.includes(false)) {
    return "no time comes near 0, or none near 1, so that texts with few masks, or many, are never asked.";
  }
  const place = oneTo(count).find((n) => !isUniform(batches.map((times) => times[n - 1]!)));
  if (place === undefined) return undefined;
  return `all times together are uniform, but those of text ${place} of the batch are not: it would ` +
    `be masked more than others, or less, whatever the dice say.`;
}

/** Whether each eighth of [0, 1) has its share of the times, give or take a quarter. */
function isUniform(times: readonly number[]): boolean {
  const counts = new Array<number>(8).fill(0);
  for (const t of times) counts[Math.floor(8 * t)]!++;
  return counts.every((count) => Math.abs(8 * count / times.length - 1) < 0.25);
}
