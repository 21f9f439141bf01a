import assert from "node:assert/strict";
import { checkAnswer } from "dlm/course/answer.ts";

Deno.test("checkAnswer() takes NaN for no answer yet", () => {
  assert.match(checkAnswer(NaN, 1), /^No answer yet/);
  assert.match(checkAnswer([1, NaN], [1, 2]), /^No answer yet/);
});

Deno.test("checkAnswer() accepts what is within the tolerance", () => {
  assert.equal(checkAnswer(2.6, 2.58, 0.1), "Right: it is 2.6.");
  assert.equal(checkAnswer(2.58, 2.5849), "Right: it is 2.58.");
  assert.equal(checkAnswer(64, 64, 0.5), "Right: it is 64.");
  assert.equal(checkAnswer([1, 2], [1.001, 2]), "Right: all 2 values fit.");
  assert.equal(checkAnswer(1.5, 1, 0.5), "Right: it is 1.");
  assert.equal(checkAnswer(0.5, 1, 0.5), "Right: it is 1.");
  assert.equal(checkAnswer(1.5, 1, 0.49), "Not quite: 1.5 is too high.");
});

Deno.test("checkAnswer() says on which side a wrong answer lies", () => {
  assert.equal(checkAnswer(3, 2), "Not quite: 3 is too high.");
  assert.equal(checkAnswer(-1, 2), "Not quite: -1 is too low.");
  assert.equal(
    checkAnswer([1, 1], [1, 2]),
    "Not quite: 1 is too low (value 2 of 2).",
  );
});

Deno.test("checkAnswer() says how many values are asked for", () => {
  const expected = "Not quite: 2 values are asked for, and here are 1.";
  assert.equal(checkAnswer([1], [1, 2]), expected);
});
