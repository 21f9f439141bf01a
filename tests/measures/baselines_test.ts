import assert from "node:assert/strict";
import { brotliCompressSync, constants } from "node:zlib";
import { mean } from "simple-statistics";
import { baselines, brotliBits } from "dlm/measures/baselines.ts";
import { createCorpus } from "dlm/corpus.ts";
import { ngramBits, trainNgram } from "dlm/measures/ngram.ts";
import { Rng } from "dlm/rng.ts";
import { assertClose } from "../_support.ts";

const corpus = createCorpus("counting", "one two three four five six ".repeat(12));

Deno.test("baselines() are the n-gram models of all orders, and brotli", async () => {
  const shares: number[] = [];
  const bits = await baselines(corpus, { onProgress: (share) => shares.push(share) });
  assert.deepEqual(bits, {
    uniform: await ngramBits(corpus, 0),
    unigram: await ngramBits(corpus, 1),
    bigram: await ngramBits(corpus, 2),
    trigram: await ngramBits(corpus, 3),
    "4-gram": await ngramBits(corpus, 4),
    "5-gram": await ngramBits(corpus, 5),
    "6-gram": await ngramBits(corpus, 6),
    brotli: await brotliBits(corpus),
  });
  assertClose([bits.uniform!], [Math.log2(corpus.tokenizer.vocabularySize)], 1e-12);
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
  assert.equal(shares.at(-1), 1);
});

Deno.test("baselines() cut the split for the n-gram models if they are told to", async () => {
  const bits = await baselines(corpus, { window: 4 });
  assert.equal(bits["5-gram"], await ngramBits(corpus, 5, { window: 4 }));
  assert.equal(bits.brotli, await brotliBits(corpus));
});

Deno.test("brotliBits() are the difference of two files, both packed as well as can be", async () => {
  const rng = new Rng(4);
  const words = Array.from({ length: 2000 }, () => rng.integer(1e6).toString(36).slice(0, 3));
  const text = Array.from({ length: 10_000 }, () => words[rng.integer(2000)]).join(" ");
  const corpus = createCorpus("words", text);
  const bytes = (text: string, quality: number) =>
    brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }).length;
  const bits = (quality: number) =>
    8 * (bytes(text, quality) - bytes(corpus.tokenizer.decode(corpus.train), quality)) /
    corpus.validation.length;
  assertClose([await brotliBits(corpus)], [bits(11)], 0.01);
  const half = corpus.validation.subarray(0, corpus.validation.length / 2);
  assertClose([await brotliBits({ ...corpus, validation: half })], [bits(11)], 0.02);
  assert(Math.abs(bits(9) - bits(11)) > 0.05, `${bits(9)}`);
});

Deno.test("brotliBits() of random letters are about their entropy, and none of what was there before", async () => {
  const rng = new Rng(3);
  const letters = () => Array.from({ length: 10_000 }, () => "abcd"[rng.integer(4)]).join("");
  const first = letters();
  const again = await brotliBits(createCorpus("again", first.repeat(10)));
  assert(again < 0.05, `${again}`);
  const fresh = await brotliBits(createCorpus("fresh", first.repeat(9) + letters()));
  assert(fresh > 1.99 && fresh < 2.5, `${fresh}`); // of 8 as they stand
});

const cached = new URL("../../data/cache/tinyshakespeare.txt", import.meta.url);
const mayRead = (await Deno.permissions.query({ name: "read" })).state === "granted";
const shakespeare = mayRead ? await Deno.readTextFile(cached).catch(() => undefined) : undefined;

Deno.test({
  name: "n-grams of tiny Shakespeare are as surprised as those of another implementation",
  ignore: shakespeare === undefined, // under `deno test -A`, once the text has been downloaded
  async fn() {
    const { train, validation, tokenizer } = createCorpus("tinyshakespeare", shakespeare!);
    const nats = async (order: number, text: Int32Array) => {
      const model = await trainNgram(train, { order, vocabularySize: tokenizer.vocabularySize });
      return mean([...model.surprisals(text)]);
    };
    const near = (actual: number, expected: number) =>
      assert(Math.abs(actual - expected) < 0.01, `${actual}, not ${expected}`);
    near(await nats(0, validation), 4.174);
    near(await nats(1, validation), 3.347);
    for (const [i, expected] of [2.492, 1.987, 1.684, 1.557, 1.572].entries()) {
      near(await nats(i + 2, validation.subarray(0, 20_000)), expected);
    }
  },
});
