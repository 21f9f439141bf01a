import assert from "node:assert/strict";
import { parseNotebook } from "dlm/jupyter/notebook.ts";
import wholeIdea from "../../notebooks/00_whole_idea.ipynb" with { type: "text" };
import data from "../../notebooks/01_data.ipynb" with { type: "text" };
import masking from "../../notebooks/02_masking.ipynb" with { type: "text" };
import denoiser from "../../notebooks/03_denoiser.ipynb" with { type: "text" };
import objective from "../../notebooks/04_objective.ipynb" with { type: "text" };
import training from "../../notebooks/05_training.ipynb" with { type: "text" };
import sampling from "../../notebooks/06_sampling.ipynb" with { type: "text" };
import evaluation from "../../notebooks/07_evaluation.ipynb" with { type: "text" };
import infilling from "../../notebooks/08_infilling.ipynb" with { type: "text" };
import exporting from "../../notebooks/09_export.ipynb" with { type: "text" };
import beHorse from "../../notebooks/10_be_horse.ipynb" with { type: "text" };
import solutions from "../../notebooks/solutions.ipynb" with { type: "text" };
import { countsOf, sumCounts } from "./_counts.ts";
import { brokenRules } from "./_rules.ts";

const notebooks = {
  "00_whole_idea": wholeIdea,
  "01_data": data,
  "02_masking": masking,
  "03_denoiser": denoiser,
  "04_objective": objective,
  "05_training": training,
  "06_sampling": sampling,
  "07_evaluation": evaluation,
  "08_infilling": infilling,
  "09_export": exporting,
  solutions,
  "10_be_horse": beHorse,
};

for (const [name, text] of Object.entries(notebooks)) {
  Deno.test(`${name} keeps the rules of the course`, () => {
    assert.deepEqual(brokenRules(text, name), []);
  });
}

Deno.test("the course stays short: words, cells, imports, and what the reader is to predict", () => {
  const course = Object.entries(notebooks).filter(([name]) => /^\d/.test(name));
  const counts = course.map(([name, text]) => countsOf(parseNotebook(text, name)));
  const { words, cells, lines, imports, predictions } = sumCounts(counts);
  console.log(
    `${words} words, ${cells} code cells, ${imports} of ${lines} lines import, ${predictions} predictions`,
  );
  assert(words <= 24_000, `${words} words of prose; there may be 24,000`);
  assert(cells <= 200, `${cells} code cells; there may be 200`);
  assert(imports <= 0.12 * lines, `${imports} of ${lines} lines of code import; 12 % may`);
  assert(predictions <= 57, `${predictions} times *Predict*; a third of the first edition's is 57`);
});

/** The notebooks that can be done without the others, in five hours or so. */
const WEEKEND = ["00", "01", "02", "05", "06", "08"];

Deno.test("each notebook says at its head how long it takes, and on which road it is", () => {
  const heads = Object.entries(notebooks).filter(([name]) => /^\d/.test(name)).map(
    ([name, text]) => {
      const [, minutes, road] = parseNotebook(text, name).cells[0]!.source.match(
        /^# .+\n\n\*About (\d+) minutes · (.+)\.\*\n/,
      ) ?? [];
      return { number: name.slice(0, 2), minutes: Number(minutes), road };
    },
  );
  for (const { number, road } of heads) {
    const expected = WEEKEND.includes(number)
      ? /^on the weekend|both roads/
      : /^not on the weekend/;
    assert.match(road ?? "no line about minutes and road", expected, number);
  }
  const weekend = heads.filter(({ number }) => WEEKEND.includes(number));
  const total = weekend.reduce((sum, { minutes }) => sum + minutes, 0);
  assert(total <= 360, `the weekend takes ${total} minutes; it may take six hours`);
});
