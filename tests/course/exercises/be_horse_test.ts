import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";

/** Right answers, as the solutions work them out. */
const RIGHT: Record<string, number | number[]> = {
  "10.1": -Math.log2(1 - 0.1),
  "10.2": 4 / 20 + 2 * (1 - 1 / 20),
  "10.3": [1.1547, 0.2041],
  "10.4": 66 * 64 + 64 * 64 + 2 * 64 + 2 * (11 * 64 ** 2 + 12 * 64) + 66 * 64 + 66,
};

for (const [name, answer] of Object.entries(RIGHT)) {
  Deno.test(`exercise ${name} takes the right answer`, async () => {
    assert.match(await replyTo(name, answer), /^Right/);
  });

  Deno.test(`exercise ${name} has a hint for a wrong one`, async () => {
    const wrong = [answer].flat().map((value) => 3 * value + 7);
    assert.match(await replyTo(name, wrong), /^Not quite: .* is too high.* [A-Z].*[.?]$/);
  });
}

/** Wrong answers that people arrive at, and what is said of them. */
const SLIPS: [name: string, answer: number | number[], said: RegExp][] = [
  ["10.1", Math.log2(10), /a character costs that has this tenth/],
  ["10.1", 0.1, /is a logarithm/],
  ["10.2", 2, /the entropy/],
  ["10.2", 4, /a single step/],
  ["10.2", 1.05, /for each of the two words/],
  ["10.2", 2.05, /more than one bit is wasted/],
  ["10.3", [0.289, 0.051], /the standard deviation of t/],
  ["10.3", [1.155, 0.036], /divided by 32/],
  ["10.4", 103_232, /biases of the matrices/],
  ["10.4", 104_257, /The mask has a row/],
  ["10.4", 103_874, /The norms are missing/],
];

for (const [name, answer, said] of SLIPS) {
  Deno.test(`exercise ${name} knows how one comes by ${answer}`, async () => {
    assert.match(await replyTo(name, answer), said);
  });
}
