import assert from "node:assert/strict";
import { trainNgram } from "dlm/measures/ngram.ts";
import { trainJudge } from "dlm/measures/quality.ts";
import { Rng } from "dlm/rng.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

const SOURCE = "the cat sat on the mat, and the dog's bowl was empty. ".repeat(3);
const tokenizer = CharTokenizer.fromText(SOURCE);
const train = tokenizer.encode(SOURCE);
const judge = await trainJudge({ train, tokenizer }, { order: 3, distinctOrder: 2 });

const judged = (...texts: string[]) => judge(texts.map((text) => tokenizer.encode(text)));

Deno.test("a judge's n-gram bits are the n-gram model's, per character of all texts", async () => {
  const ngram = await trainNgram(train, { order: 3, vocabularySize: tokenizer.vocabularySize });
  const texts = ["the mat", "tttttttttttt"];
  const nats = texts.flatMap((text) => [...ngram.surprisals(tokenizer.encode(text))]);
  const bits = nats.reduce((a, b) => a + b, 0) / nats.length / Math.LN2;
  assert(Math.abs(judged(...texts).ngramBits - bits) < 1e-12);
  assert(judged("the mat").ngramBits < judged("tam eht").ngramBits);
});

Deno.test("a judge's distinct-n counts n-grams of all texts together, and none across two", () => {
  assert.equal(judged("abcd").distinct, 1);
  assert.equal(judged("aaaa").distinct, 1 / 3);
  assert.equal(judged("ab", "ab", "ba").distinct, 2 / 3);
});

Deno.test("a judge knows whole words, and leaves out those that an end may have cut", () => {
  assert.equal(judged("e the cat sa").knownWords, 1);
  assert.equal(judged("b the act s").knownWords, 0.5);
  assert.equal(judged(" the dog's ").knownWords, 1);
  assert.equal(judged(" the dogs ").knownWords, 0.5);
});

Deno.test("a judge finds the longest run that is copied, as a mean over the texts", () => {
  assert.equal(judged("the cat").copied, 7);
  assert.equal(judged("the cow").copied, 5); // "the " and "ow", which stands in "bowl"
  assert.equal(judged("the cat", "the cow").copied, 6);
});

Deno.test("a judge gives no credit where there is nothing to count", () => {
  assert.equal(judged("  , .").knownWords, 0); // no word at all
  assert.equal(judged("the cat").knownWords, 0); // no whole word: both may have been cut
  assert.equal(judged("t", "c").distinct, 0); // no text is as long as an n-gram
  assert.equal(judged("th").distinct, 1); // one is
});

Deno.test("a judge throws if there is nothing to judge", () => {
  for (const texts of [[], [""], ["", ""]]) {
    assert.throws(() => judged(...texts), { name: "RangeError", message: /no text to judge/ });
  }
});

Deno.test("trainJudge() throws if it should count what there is not", async () => {
  for (const distinctOrder of [0, -1, 1.5, NaN]) {
    await assert.rejects(trainJudge({ train, tokenizer }, { distinctOrder }), {
      name: "RangeError",
      message: `There are no ${distinctOrder}-grams: give a whole number of at least 1.`,
    });
  }
});

Deno.test("a judge passes over empty texts among others", () => {
  const { copied, standardErrors: _, ...rest } = judged("", "the mat");
  const { copied: alone, standardErrors: __, ...others } = judged("the mat");
  assert.deepEqual([copied, rest], [alone / 2, others]);
});

Deno.test("a judge knows the usual standard error of a mean over texts", () => {
  const texts = ["the cat", "the cow", "tttt", "mat, and"].map((text) => tokenizer.encode(text));
  const copied = texts.map((text) => judge([text]).copied);
  const mean = copied.reduce((a, b) => a + b) / 4;
  const variance = copied.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3;
  assert(Math.abs(judge(texts).standardErrors.copied - Math.sqrt(variance / 4)) < 1e-12);
});

Deno.test("a judge's standard errors are those of leaving out one text at a time", () => {
  const texts = ["the cat sat", " a mat on a mat ", "dog's dog's", "the act", "bb on the bb"];
  const all = texts.map((text) => tokenizer.encode(text));
  const others = all.map((_, i) => judge(all.toSpliced(i, 1)));
  const { standardErrors } = judge(all);
  for (const measure of ["ngramBits", "distinct", "knownWords", "copied"] as const) {
    const values = others.map((quality) => quality[measure]);
    const mean = values.reduce((a, b) => a + b) / 5;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) * 4 / 5;
    assert(Math.abs(standardErrors[measure] - Math.sqrt(variance)) < 1e-12, measure);
    assert(standardErrors[measure] > 0, measure);
  }
});

Deno.test("a judge's standard error of distinct-n is at least the spread over other such texts, and not far above", () => {
  const rng = new Rng(1);
  const draw = () => Int32Array.from({ length: 20 }, () => rng.integer(5) * rng.integer(3));
  const lots = Array.from({ length: 100 }, () => Array.from({ length: 30 }, draw));
  const judgements = lots.map((texts) => judge(texts));
  const mean = judgements.reduce((sum, { distinct }) => sum + distinct / 100, 0);
  const variance = judgements.reduce((sum, { distinct }) => sum + (distinct - mean) ** 2 / 99, 0);
  const told = judgements.reduce(
    (sum, { standardErrors: { distinct } }) => sum + distinct / 100,
    0,
  );
  const excess = told / Math.sqrt(variance);
  assert(excess > 0.9 && excess < 2.5, `${excess}`);
});

Deno.test("a judge knows no standard error of a single text", () => {
  assert(Object.values(judged("the mat").standardErrors).every(isNaN));
});

Deno.test("a judge counts runs of five for its bits and of four for variety, unless told otherwise", async () => {
  const texts = ["the cat sat on", "the dog sat on the"].map((text) => tokenizer.encode(text));
  const judged = async (options?: Parameters<typeof trainJudge>[1]) =>
    (await trainJudge({ train, tokenizer }, options))(texts);
  assert.deepEqual(await judged(), await judged({ order: 5, distinctOrder: 4 }));
  assert.notDeepEqual(await judged(), await judged({ order: 4, distinctOrder: 4 }));
  assert.notDeepEqual(await judged(), await judged({ order: 5, distinctOrder: 3 }));
});
