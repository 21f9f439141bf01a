/** The exercises of notebook 09. */
import {
  type Exercise,
  type Exercises,
  NO_ANSWER,
  NO_NUMBER,
  numeric,
} from "dlm/course/exercises/_exercise.ts";

const whereItBegins = numeric({
  truth: () => [8 + 1000 + 24, (40 - 24) / 4],
  tolerance: 0.5,
  hint: "The offsets count bytes from the end of the header. What stands in the file before that?",
  slips: [
    { answer: 1024, reason: "The length of the header stands in the file, too." },
    {
      answer: 24,
      reason: "That counts from the end of the header, not from the file's beginning.",
    },
    { answer: 16, reason: "Those are bytes; how many of them does a number have?" },
    { answer: 8, reason: "Those would be numbers of 16 bits." },
  ],
});

const wholeNumbers = numeric({
  truth: () => {
    let n = 1;
    while (Math.f16round(n + 1) === n + 1) n++;
    return n;
  },
  tolerance: 0.5,
  hint: "Ten bits say where a number lies between two powers of two. From which power on do they " +
    "no longer reach each whole number? Math.f16round rounds to 16 bits.",
  slips: [
    { answer: 65_504, reason: "That is the largest number of F16, but it leaves many out below." },
    { answer: 1024, reason: "There the steps between neighbours become as long as 1: go on." },
    { answer: 2047, reason: "The next one can be written as well: it is a power of two." },
  ],
});

/** The number that 16 bits mean. */
function readF16(bits: number): number {
  const view = new DataView(new ArrayBuffer(2));
  view.setUint16(0, bits);
  return view.getFloat16(0);
}

/** Some of the numbers of 16 bits, and what helps whoever reads them wrongly. */
interface Part {
  holds(e: number, negative: boolean): boolean;
  hint: string;
}

/** All numbers of 16 bits, in parts, each of which needs one thing more than those before. */
const PARTS: readonly Part[] = [
  {
    holds: (e, negative) => !negative && e > 0 && e < 31,
    hint: "The ten lowest bits are f, and the five above them e.",
  },
  { holds: (e, negative) => negative && e > 0 && e < 31, hint: "The highest bit is the sign." },
  { holds: (e) => e === 0, hint: "With e = 0 nothing is added to f / 1024." },
  { holds: (e) => e === 31, hint: "With e = 31 there are two infinities, and NaN." },
];

/** A reader of 16-bit numbers. */
const reader: Exercise = async (answer) => {
  if (typeof answer !== "function") return NO_ANSWER;
  const one = await answer(0b0_01111_0000000000);
  if (Number.isNaN(one)) return NO_ANSWER;
  if (typeof one !== "number") return NO_NUMBER;
  for (const { holds, hint } of PARTS) {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      if (!holds((bits >> 10) & 31, bits >= 2 ** 15)) continue;
      const [found, expected] = [Number(await answer(bits)), readF16(bits)];
      if (found === expected || (isNaN(found) && isNaN(expected))) continue;
      return `Not quite: of ${bits} it makes ${found}, and F16 means ${expected}. ${hint}`;
    }
  }
  return "Right: it reads all 65,536 of them.";
};

const inThePage = numeric({
  truth: () => 2 * 1_000_000 * 4 / 3 / 1000,
  tolerance: 1,
  hint: "How many bytes does each parameter have? And how many letters do three bytes take?",
  slips: [
    { answer: 2000, reason: "Those are the bytes; bytes cannot stand in a text as they are." },
    { answer: 5333.3, reason: "That would be numbers of 32 bits." },
    { answer: 1500, reason: "That turns letters into bytes, the other way round." },
  ],
});

export const EXPORTING: Exercises = {
  "09.1": whereItBegins,
  "09.2": wholeNumbers,
  "09.3": reader,
  "09.4": inThePage,
};
