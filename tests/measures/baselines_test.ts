import assert from "node:assert/strict";
import { mean } from "simple-statistics";
import { baselines, brotliBits, gzipBits } from "dlm/measures/baselines.ts";
import { createCorpus } from "dlm/corpus.ts";
import { ngramBits, trainNgram } from "dlm/measures/ngram.ts";
import { Rng } from "dlm/rng.ts";
import { assertClose } from "../_support.ts";

const corpus = createCorpus("counting", "one two three four five six ".repeat(12));

Deno.test("baselines() are the n-gram models of all orders, gzip and brotli", async () => {
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
    gzip: await gzipBits(corpus),
    brotli: await brotliBits(corpus),
  });
  assertClose([bits.uniform!], [Math.log2(corpus.tokenizer.vocabularySize)], 1e-12);
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
  assert.equal(shares.at(-1), 1);
});

Deno.test("gzipBits() are no fewer than the entropy, and fewer than a byte", async () => {
  const rng = new Rng(1);
  const random = Array.from({ length: 100_000 }, () => "abcd"[rng.integer(4)]).join("");
  const bits = await gzipBits(createCorpus("random", random));
  assert(bits > 2 && bits < 4, `${bits}`);
  assert(await gzipBits(createCorpus("one", "a".repeat(100_000))) < 0.1);
});

Deno.test("gzipBits() count the validation split alone, by characters and not by bytes", async () => {
  const rng = new Rng(2);
  const letters = Array.from({ length: 10_000 }, () => "éü"[rng.integer(2)]).join("");
  const alone = await gzipBits(createCorpus("ab", "a".repeat(90_000) + letters));
  assert(alone > 1 && alone < 4, `${alone}`); // of 16 as they stand in UTF-8
  assert.equal(await gzipBits(createCorpus("ba", letters.repeat(9) + letters)), alone);
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
