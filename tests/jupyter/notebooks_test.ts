import assert from "node:assert/strict";
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
import solutions from "../../notebooks/solutions.ipynb" with { type: "text" };
import beHorse from "../../notebooks/10_be_horse.ipynb" with { type: "text" };
import { brokenRules } from "dlm/jupyter/rules.ts";

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
