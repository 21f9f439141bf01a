import assert from "node:assert/strict";
import { mean, sampleStandardDeviation } from "simple-statistics";
import { evaluate, type EvaluateOptions } from "dlm/evaluation.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { softmax, surprisals, toMatrices, transformer } from "./_reference.ts";
import { maskPattern } from "./_statistics.ts";
import {
  assertNoLeak,
  fakeInterrupt,
  lookupDenoiser,
  randomParameters,
  recordingDenoiser,
  TINY,
} from "./_support.ts";

/** Random characters, `length` of them. */
function split(length: number, vocabularySize: number): Int32Array {
  const rng = new Rng(1);
  return Int32Array.from({ length }, () => rng.integer(vocabularySize));
}

const close = (a: number, b: number, tolerance: number) =>
  assert(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

Deno.test("evaluate() of a model that knows nothing is log2 65, without any doubt", async () => {
  const config = { ...TINY, vocabularySize: 65, context: 7 };
  using model = new Transformer(config, initialParameters(config, new Rng(1)));
  for (const length of [700, 703, 100]) { // windows of one length, and a shorter last one
    const found = await evaluate(model, split(length, 65));
    close(found.bitsPerCharacter, Math.log2(65), 1e-6);
    close(found.natsPerCharacter, Math.log(65), 1e-6);
    close(found.standardError, 0, 1e-6);
    assert.equal(found.characters, length);
  }
});

/** Gives each character a probability of its own, the same everywhere. */
const SPREAD = [2, 0, -1, 1];
const unigram = lookupDenoiser(Array.from({ length: 8 }, () => SPREAD));

/** What it says of a text, in bits per character, exactly. */
function unigramBits(text: Int32Array): number {
  const surprisals = softmax(SPREAD).map((p) => -Math.log2(p));
  return text.reduce((sum, id) => sum + surprisals[id]!, 0) / text.length;
}

Deno.test("evaluate() finds a known likelihood to within its standard error", async () => {
  const text = split(1003, 4);
  const { bitsPerCharacter, standardError } = await evaluate(unigram, text);
  assert(standardError > 0.005 && standardError < 0.1);
  close(bitsPerCharacter, unigramBits(text), 3 * standardError);
  const often = await evaluate(unigram, text, { draws: 16 });
  close(often.standardError, standardError / 4, standardError / 8); // each known to 1 in 8
  close(often.bitsPerCharacter, unigramBits(text), 3 * often.standardError);
  assert.equal(often.characters, 1003);
});

Deno.test("the standard error is what estimates really differ by, or somewhat more", async () => {
  const text = split(512, 4);
  const truth = unigramBits(text);
  let squares = 0;
  const runs = 60;
  for (let seed = 0; seed < runs; seed++) {
    const { bitsPerCharacter, standardError } = await evaluate(unigram, text, { seed });
    squares += ((bitsPerCharacter - truth) / standardError) ** 2 / runs;
  }
  // Of 60 squares of mean 1 and variance 2, the mean is between 0.27 and 1.73 at 4 sigma.
  assert(squares > 0.27 && squares < 1.73, `mean square ${squares}`);
});

/** The windows that a model is shown, masks and all. */
async function shownWindows(text: Int32Array, options: EvaluateOptions): Promise<number[][]> {
  const { recorder, asked } = recordingDenoiser(unigram);
  await evaluate(recorder, text, options);
  return (await Promise.all(asked.map(({ tokens }) => tokens))).flat();
}

Deno.test("evaluate() of a causal model is its -log p, window by window and without any error", async () => {
  const config = { ...TINY, causal: true };
  const parameters = randomParameters(config, 1);
  using model = new Transformer(config, parameters);
  const matrices = toMatrices(config, parameters);
  const text = split(15, 5);
  let nats = 0;
  for (const window of [text.subarray(0, 6), text.subarray(6, 12), text.subarray(12)]) {
    const logits = transformer(config, matrices, [[5, ...window.subarray(0, -1)]]);
    nats += surprisals(logits, [...window]).reduce((a, b) => a + b);
  }
  const found = await evaluate(model, text);
  close(found.natsPerCharacter, nats / 15, 1e-6);
  close(found.bitsPerCharacter, nats / 15 / Math.LN2, 1e-6);
  assert.deepEqual([found.standardError, found.characters], [0, 15]);
  close((await evaluate(model, text, { seed: 7 })).natsPerCharacter, nats / 15, 1e-6);
  const one = await evaluate(model, text.subarray(0, 6)); // no second window is needed
  assert.equal(one.characters, 6);
  const some = await evaluate(model, text, { windows: 2 });
  assert(some.standardError > 0, "of two windows of three, the third is not known");
});

Deno.test("evaluate() reads the whole split, each character in one window", async () => {
  const windows = await shownWindows(split(805, 4), {});
  assert.equal(windows.length, 101);
  assert.equal(windows.flat().length, 805);
});

Deno.test("evaluate() measures each window as often as there are draws, with other masks", async () => {
  const windows = await shownWindows(split(64, 4), { draws: 4 });
  assert.equal(windows.length, 32);
  assert(new Set(windows.map(String)).size > 24);
});

Deno.test("evaluate() masks other places with another seed", async () => {
  const patterns = async (seed: number) => {
    const windows = await shownWindows(split(160, 4), { seed });
    return windows.map((window) => maskPattern(Int32Array.from(window), 4)).sort();
  };
  assert.deepEqual(await patterns(1), await patterns(1));
  assert.notDeepEqual(await patterns(1), await patterns(2));
});

Deno.test("evaluate() of some windows takes them from all over the split", async () => {
  // Only characters 0 in the first half and 3 in the second, which tell the halves apart.
  const text = Int32Array.from({ length: 160 }, (_, i) => i < 80 ? 0 : 3);
  const found = await evaluate(unigram, text, { windows: 10 });
  close(found.bitsPerCharacter, unigramBits(text), 1e-6);
  assert.equal(found.characters, 80);
  const all = await evaluate(unigram, text);
  assert.deepEqual(await evaluate(unigram, text, { windows: 1000 }), all);
});

Deno.test("more draws of some windows tell nothing about the others", async () => {
  // Every other window has likely characters alone, the others unlikely ones.
  const text = Int32Array.from({ length: 8 * 31 }, (_, i) => Math.floor(i / 8) % 2 ? 0 : 2);
  const once = await evaluate(unigram, text, { windows: 30 });
  const often = await evaluate(unigram, text, { windows: 30, draws: 16 });
  close(often.standardError, once.standardError, 0.1 * once.standardError);
  close(often.bitsPerCharacter, once.bitsPerCharacter, 1e-6);
  const message = /needs at least 2 windows/;
  await assert.rejects(evaluate(unigram, text, { windows: 1, draws: 2 }), { message });
});

Deno.test("of some windows the standard error is that of a mean over them, in bits", async () => {
  // Each window repeats one character, so that no choice of masks changes what it costs.
  const rng = new Rng(2);
  const ids = Int32Array.from({ length: 50 }, () => rng.integer(4));
  const text = Int32Array.from({ length: 8 * 50 }, (_, i) => ids[Math.floor(i / 8)]!);
  const { bitsPerCharacter, standardError } = await evaluate(unigram, text, { windows: 30 });
  const chosen = Array.from({ length: 30 }, (_, i) => ids[Math.floor(i * 50 / 30)]!);
  const bits = chosen.map((id) => unigramBits(Int32Array.of(id)));
  close(bitsPerCharacter, mean(bits), 1e-6);
  close(standardError, sampleStandardDeviation(bits) / Math.sqrt(30), 1e-6);
});

Deno.test("evaluate() is the same again from the same seed", async () => {
  const text = split(803, 4);
  const first = await evaluate(unigram, text, { seed: 5 });
  assert.deepEqual(await evaluate(unigram, text, { seed: 5 }), first);
  assert.notDeepEqual(await evaluate(unigram, text, { seed: 6 }), first);
});

Deno.test("evaluate() tells how far it has come, and leaves no tensors behind", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const shares: number[] = [];
  await assertNoLeak(() =>
    evaluate(model, split(61, 5), { onProgress: (share) => shares.push(share) })
  );
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b));
  assert.equal(shares.at(-1), 1);
});

Deno.test("evaluate() throws if there is too little text, or an option makes no sense", async () => {
  const text = split(20, 4);
  const cases: [split: Int32Array, options: EvaluateOptions, message: RegExp][] = [
    [text.subarray(0, 7), {}, /A window of 8 characters does not fit into 7/],
    [text.subarray(0, 8), {}, /needs at least 2 windows/],
    [text, { windows: 1 }, /needs at least 2 windows/],
    [text, { windows: 0 }, /Cannot measure 0 windows/],
    [text, { windows: 1.5 }, /Cannot measure 1.5 windows/],
    [text, { draws: 1.5 }, /draws is 1.5/],
    [text, { draws: 0 }, /draws is 0/],
  ];
  for (const [split, options, message] of cases) {
    await assert.rejects(evaluate(unigram, split, options), { name: "RangeError", message });
  }
});

Deno.test("evaluate() gives no number when interrupted", async () => {
  using interrupt = fakeInterrupt();
  const shares: number[] = [];
  const onProgress = (share: number) => {
    shares.push(share);
    interrupt.press();
  };
  await assert.rejects(evaluate(unigram, split(8 * 128, 4), { onProgress }), {
    name: "Interrupted",
    message: "Stopped with 25 % measured.",
  });
  assert.deepEqual(shares, [0.25]);
});

Deno.test("evaluate() lets a causal model read some characters before each window", async () => {
  const config = { ...TINY, causal: true }; // of context 6
  const parameters = randomParameters(config, 1);
  using model = new Transformer(config, parameters);
  const matrices = toMatrices(config, parameters);
  const text = split(15, 5);
  let nats = 0;
  for (let start = 0; start < 15; start += 4) { // windows of 4 after a past of 2
    const from = Math.max(0, start - 2);
    const read = [...text.subarray(from, start + 4)];
    const logits = transformer(config, matrices, [[5, ...read.slice(0, -1)]]);
    nats += surprisals(logits, read).slice(start - from).reduce((a, b) => a + b);
  }
  const found = await evaluate(model, text, { past: 2 });
  close(found.natsPerCharacter, nats / 15, 1e-6);
  assert.deepEqual([found.standardError, found.characters], [0, 15]);
  const some = await evaluate(model, text, { past: 2, windows: 3 });
  assert(some.standardError > 0, "the fourth window is not known");
  assert.equal(some.characters, 12);
});

Deno.test("evaluate() shows a denoiser what stands before a window, and asks for the window alone", async () => {
  const text = Int32Array.from({ length: 21 }, (_, i) => i);
  const { recorder, asked } = recordingDenoiser(
    lookupDenoiser(Array.from({ length: 8 }, () => Array(21).fill(0))),
  );
  const found = await evaluate(recorder, text, { past: 3 }); // windows of 5 after a past of 3
  assert.equal(found.characters, 21);
  close(found.bitsPerCharacter, Math.log2(21), 1e-5);
  const shown = (await Promise.all(asked.map(({ tokens }) => tokens))).flat();
  assert.equal(shown.length, 5);
  for (const window of shown.filter(({ length }) => length === 8)) {
    const [first] = window;
    assert.deepEqual(window.slice(0, 3), [first!, first! + 1, first! + 2]);
    assert.equal((first! + 3) % 5, 0);
    assert(window.slice(3).includes(21), "something is masked, and in the window only");
    window.slice(3).forEach((id, i) => assert(id === 21 || id === first! + 3 + i));
  }
});

Deno.test("evaluate() throws if the past leaves no room for a window", async () => {
  for (const past of [-1, 8, 1.5]) {
    await assert.rejects(evaluate(unigram, split(80, 4), { past }), {
      name: "RangeError",
      message: /past is .*whole number from 0 to 7/,
    });
  }
});
