import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";
import { createCorpus, loadCorpus } from "dlm/corpus.ts";
import { ngramBits, trainNgram } from "dlm/measures/ngram.ts";

// All but the first need the text, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

Deno.test("exercise 01.1 takes the perplexity, and knows it in nats and as a square", async () => {
  assert.equal(await replyTo("01.1", 2 ** 2.41), "Right: it is 5.31.");
  assert.match(await replyTo("01.1", Math.exp(2.41)), /too high.*if the 2\.41 were nats/);
  assert.match(await replyTo("01.1", 2.41 ** 2), /too high.*the square/);
  assert.match(await replyTo("01.1", 65), /too high. Each of k equally likely/);
});

Deno.test("exercise 01.2 takes the bigram's bits for doubled line breaks", { ignore }, async () => {
  const { text } = await loadCorpus();
  const doubled = createCorpus("doubled", text.replaceAll("\n", "\n\n"));
  assert.match(await replyTo("01.2", await ngramBits(doubled, 2)), /^Right/);
  assert.match(await replyTo("01.2", 6), /too high. Double the breaks/);
  assert.match(await replyTo("01.2", await ngramBits(createCorpus("true", text), 2)), /^Not quite/);
});

Deno.test("exercise 01.3 takes the bigram's bits backwards", { ignore }, async () => {
  const corpus = await loadCorpus();
  const [train, validation] = [corpus.train.toReversed(), corpus.validation.toReversed()];
  const bits = await ngramBits({ ...corpus, train, validation }, 2);
  assert.match(await replyTo("01.3", bits), /^Right/);
  assert.match(await replyTo("01.3", 2), /too low. Measure it/);
});

Deno.test("exercise 01.4 holds a model against the bigram", { ignore }, async () => {
  const { train, tokenizer: { vocabularySize } } = await loadCorpus();
  const all = Array.from({ length: vocabularySize }, (_, id) => id);
  const ngram = async (order: number) => {
    const model = await trainNgram(train, { order, vocabularySize });
    return (before: Int32Array) => all.map((id) => model.probability(id, before));
  };
  assert.match(await replyTo("01.4", await ngram(3)), /^Right: your model needs \d\.\d\d bits/);
  assert.match(await replyTo("01.4", await ngram(1)), /^Not quite: your model needs .*, and the/);
  const bigram = await ngram(2);
  assert.match(await replyTo("01.4", bigram), /^Not quite/); // as good is not better
});

Deno.test("exercise 01.4 finds what is no distribution", { ignore }, async () => {
  const { validation, tokenizer: { vocabularySize: V } } = await loadCorpus();
  const uniform = new Float64Array(V).fill(1 / V);
  const reply = async (p: ArrayLike<number>) => await replyTo("01.4", () => p);
  assert.match(await reply([NaN]), /^No answer yet/);
  assert.match(await replyTo("01.4", () => undefined), /there are 0 probabilities/);
  const late = (before: ArrayLike<number>) => uniform.map((p) => before.length === 9 ? NaN : p);
  assert.match(
    await replyTo("01.4", late),
    /character 10 .* one of the probabilities is no number/,
  );
  const first = uniform.map(() => NaN);
  assert.match(await reply(first), /character 1 .* one of the probabilities is no number/);
  assert.match(await reply([0.5, 0.5]), /character 1 .* there are 2 probabilities; give one for/);
  assert.match(await reply(uniform.map((p) => p / 2)), /add up to 0\.5\. They must not/);
  const impossible = uniform.map((_, id) => id === validation[0] ? 0 : 1 / (V - 1));
  assert.match(await reply(impossible), /which comes, is 0, and that costs infinitely many bits/);
  const negative = uniform.map((p, id) => id === 0 ? -p : id === 1 ? 3 * p : p);
  assert.match(await reply(negative), /add up to 1\. They must not be negative/);
});
