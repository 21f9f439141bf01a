import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";

/** As the solutions have it. */
const believe = (bits: number[], before: number[]) => {
  const weights = bits.map((cost, i) => before[i]! * 2 ** -cost);
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
};
const tear = (line: string, word: string) =>
  line.replaceAll("[", "[[").replace(word, `[${word.length}]`);

Deno.test("exercise 08.1 accepts Bayes' rule, and helps whoever comes near", async () => {
  assert.match(await replyTo("08.1", believe), /^Right/);
  const typed = (bits: number[], before: number[]) => Float64Array.from(believe(bits, before));
  assert.match(await replyTo("08.1", typed), /^Right/);
  assert.match(await replyTo("08.1", () => NaN), /^No answer yet/);
  assert.match(await replyTo("08.1", () => [NaN]), /^No answer yet/);
  const wrong: [RegExp, (bits: number[], before: number[]) => number[]][] = [
    [/12, 14 bits and 1, 3 beforehand.* multiplied/, (bits) => believe(bits, bits.map(() => 1))],
    [/add up to 0/, (bits, before) => bits.map((cost, i) => before[i]! * 2 ** -cost)],
    [/twice as likely/, (bits) => bits.map((cost) => cost / bits.reduce((a, b) => a + b))],
    [/a probability for each/, () => [0.8]],
    [/no number. Is something divided/, (bits) => bits.map(() => 0 / 0)],
  ];
  for (const [said, answer] of wrong) assert.match(await replyTo("08.1", answer), said);
});

Deno.test("exercise 08.2 accepts what makes templates, and minds brackets", async () => {
  assert.match(await replyTo("08.2", tear), /^Right/);
  assert.match(await replyTo("08.2", () => ""), /^No answer yet/);
  const all = (line: string, word: string) => line.replaceAll(word, `[${word.length}]`);
  assert.match(await replyTo("08.2", all), /first occurrence/);
  const bare = (line: string, word: string) => line.replace(word, `[${word.length}]`);
  assert.match(await replyTo("08.2", bare), /bracket .* is doubled/);
  const once = (line: string, word: string) => bare(line.replace("[", "[["), word);
  assert.match(await replyTo("08.2", once), /Aside.* bracket .* is doubled/);
  const late = (line: string, word: string) => bare(line, word).replaceAll("[", "[[");
  assert.match(await replyTo("08.2", late), /doubled; .* nor the hole's own/);
});

Deno.test("exercises 08.3 and 08.4 accept what the solutions find, and know some slips", async () => {
  assert.match(await replyTo("08.3", 30), /^Right/);
  assert.match(await replyTo("08.3", 13), /come in pairs/);
  assert.match(await replyTo("08.3", 18), /both ends/);
  assert.match(await replyTo("08.4", 0.81 / 0.91), /^Right/);
  assert.match(await replyTo("08.4", 0.9), /two steps/);
  assert.match(await replyTo("08.4", 0.5), /Bayes/);
});
