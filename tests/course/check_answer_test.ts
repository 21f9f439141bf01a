import assert from "node:assert/strict";
import { checkAnswer, replyTo } from "dlm/course/check_answer.ts";
import { EXERCISES } from "dlm/course/exercises/mod.ts";
import { type Exercise, numeric } from "dlm/course/exercises/_exercise.ts";

const hint = "Think.";

Deno.test("numeric() takes NaN for no answer yet", async () => {
  assert.match(await numeric({ truth: () => 1, hint })(NaN), /^No answer yet/);
  assert.match(await numeric({ truth: () => [1, 2], hint })([1, NaN]), /^No answer yet/);
});

Deno.test("numeric() waits for what is promised, and says what is no number", async () => {
  const reply = numeric({ truth: () => [1, 2], hint });
  assert.match(await reply([Promise.resolve(1), 2]), /^Right/);
  assert.match(await reply(Float64Array.of(1, 2)), /^Right/);
  for (const none of [undefined, null, "1", [1, undefined], () => 1]) {
    assert.match(await reply(none), /^Not quite: that is no number. Is a return missing/);
  }
});

Deno.test("an answer that ends with an error is told so", async () => {
  const failing = () => {
    throw new Error("Oh!");
  };
  for (const name of ["06.3", "07.5", "08.1", "08.2", "09.3"]) {
    assert.equal(await replyTo(name, failing), "Not quite: it ended with an error. Oh!");
  }
});

Deno.test("an error that is not the answer's is not told as its own", async () => {
  const exercises = EXERCISES as Record<string, Exercise>;
  exercises["fault"] = numeric({ truth: () => Promise.reject(new Error("Ours.")), hint });
  try {
    for (const answer of [1, [1, 2], Float32Array.of(1)]) {
      await assert.rejects(replyTo("fault", answer), /Ours/);
    }
    assert.match(await replyTo("fault", [Promise.reject(new Error("Yours."))]), /error. Yours.$/);
  } finally {
    delete exercises["fault"];
  }
});

Deno.test("numeric() computes no answer before there is one to hold against it", async () => {
  const truth = () => {
    throw new Error("asked");
  };
  await numeric({ truth, hint })(NaN);
  await assert.rejects(async () => await numeric({ truth, hint })(1), /asked/);
});

Deno.test("numeric() accepts what is within the tolerance", async () => {
  const reply = async (answer: unknown, truth: number | number[], tolerance?: number) =>
    await numeric({ truth: () => truth, tolerance, hint })(answer);
  assert.equal(await reply(2.6, 2.58, 0.1), "Right: it is 2.6.");
  assert.equal(await reply(2.58, 2.5849), "Right: it is 2.58.");
  assert.equal(await reply(64, 64, 0.5), "Right: it is 64.");
  assert.equal(await reply([1, 2], [1.001, 2]), "Right: all 2 values fit.");
  assert.equal(await reply(1.5, 1, 0.5), "Right: it is 1.");
  assert.equal(await reply(0.5, 1, 0.5), "Right: it is 1.");
  assert.equal(await reply(1.5, 1, 0.49), "Not quite: 1.5 is too high. Think.");
});

Deno.test("numeric() says on which side a wrong answer lies, and the hint or the known reason", async () => {
  const slips = [{ answer: 4, reason: "That is the square." }];
  const one = numeric({ truth: () => Promise.resolve(2), hint, slips });
  assert.equal(await one(3), "Not quite: 3 is too high. Think.");
  assert.equal(await one(-1), "Not quite: -1 is too low. Think.");
  assert.equal(await one(4), "Not quite: 4 is too high. That is the square.");
  const two = numeric({ truth: () => [1, 2], hint });
  assert.equal(await two([1, 1]), "Not quite: 1 is too low (value 2 of 2). Think.");
  assert.equal(await two([1]), "Not quite: 2 values are asked for, and here are 1.");
});

Deno.test("checkAnswer() knows the exercises by their names", async () => {
  await assert.rejects(checkAnswer("99.1", 1), /There is no exercise "99.1" .* give one of 0/);
});

for (const name of Object.keys(EXERCISES)) {
  Deno.test(`exercise ${name} waits for an answer`, async () => {
    assert.match(await replyTo(name, NaN), /^No answer yet/);
  });
}
