import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { type Denoiser, initialParameters, Transformer } from "dlm/model.ts";
import {
  continuousTimeNoise,
  exactCountNoise,
  lossAndGradients,
  nextCharacterNoise,
  noisyLoss,
  packMasks,
  rootCountNoise,
} from "dlm/objective.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { linear, polynomial, sharedOffsetTimes } from "dlm/schedule.ts";
import { centralDifferences, dot, FLOAT32_TOLERANCE } from "./_reference.ts";
import * as reference from "./_reference.ts";
import { losses, type NoisySequence, pack, partsOfLoss, unpack } from "./_batches.ts";
import {
  assertFrequencies,
  binomial,
  maskPattern,
  patternProbabilities,
  tally,
  uniform,
} from "./_statistics.ts";
import {
  assertClose,
  assertNoLeak,
  randomParameters,
  testOnEachBackend,
  TINY,
} from "./_support.ts";

const maskId = TINY.vocabularySize;

/** Two sequences of a batch; what is masked counts 0.1, 0.2 and so on. */
const sequences: NoisySequence[] = [
  {
    clean: Int32Array.of(0, 3, 2, 1, 1, 4),
    noisy: Int32Array.of(0, 3, maskId, 1, maskId, 4),
    weights: Float32Array.of(0, 0, 0.1, 0, 0.2, 0),
  },
  {
    clean: Int32Array.of(1, 2, 2, 4, 0, 1),
    noisy: Int32Array.of(maskId, 2, 2, maskId, 0, 1),
    weights: Float32Array.of(0.3, 0, 0, 0.4, 0, 0),
  },
];

const batch = pack(sequences);

/** How many of a sequence's characters are masked. */
const maskCount = ({ noisy }: NoisySequence) => noisy.filter((id) => id === maskId).length;

const read = async (tensor: tf.Tensor) => {
  const values = await tensor.data();
  tensor.dispose();
  return values;
};

Deno.test("exactCountNoise() draws each count 1 .. T once in a batch of T", () => {
  const clean = Array.from({ length: 6 }, () => new Int32Array(6));
  for (let seed = 0; seed < 20; seed++) {
    const counts = unpack(exactCountNoise(clean, { maskId, rng: new Rng(seed) })).map(maskCount);
    assert.deepEqual(counts.sort(), [1, 2, 3, 4, 5, 6]);
  }
});

Deno.test("exactCountNoise() draws each count with the same probability in every place of a batch", () => {
  const rng = new Rng(1);
  const clean = Array.from({ length: 4 }, () => new Int32Array(5));
  const batches = Array.from(
    { length: 10_000 },
    () => unpack(exactCountNoise(clean, { maskId, rng })),
  );
  for (let b = 0; b < clean.length; b++) {
    const counts = tally(5, batches.length, (i) => maskCount(batches[i]![b]!) - 1);
    assertFrequencies(counts, uniform(5));
  }
});

Deno.test("exactCountNoise() masks a set of k places with probability 1/T over the ways to choose k", () => {
  const rng = new Rng(2);
  const sets = tally(16, 30_000, () => {
    const [sequence] = unpack(exactCountNoise([new Int32Array(4)], { maskId, rng }));
    return maskPattern(sequence!.noisy, maskId);
  });
  const size = (set: number) => set.toString(2).replaceAll("0", "").length;
  assertFrequencies(
    sets,
    sets.map((_, set) => set === 0 ? 0 : 1 / 4 / binomial(4, size(set))),
  );
});

Deno.test("exactCountNoise() weighs each mask by 1 / (k·B), and nothing else", () => {
  const clean = [1, 2, 3].map((id) => new Int32Array(7).fill(id));
  const noisy = unpack(exactCountNoise(clean, { maskId, rng: new Rng(3) }));
  noisy.forEach((sequence, b) => {
    assert.deepEqual(sequence.clean, new Int32Array(7).fill(b + 1));
    const weight = Math.fround(1 / (3 * maskCount(sequence)));
    sequence.noisy.forEach((id, i) => {
      assert(id === maskId || id === b + 1);
      assert.equal(sequence.weights[i], id === maskId ? weight : 0);
    });
  });
});

Deno.test("rootCountNoise() asks for every character once in two readings of a sequence", () => {
  const clean = [0, 1, 2, 3].map((id) => new Int32Array(7).fill(id));
  const noisy = unpack(rootCountNoise(clean, { maskId, rng: new Rng(3) }));
  assert.equal(noisy.length, 8);
  clean.forEach((ids, b) => {
    const [one, other] = noisy.slice(2 * b, 2 * b + 2).map((reading) => reading.noisy);
    ids.forEach((id, i) => assert.deepEqual([one![i]!, other![i]!].sort(), [id, maskId]));
  });
});

Deno.test("rootCountNoise() draws each count 0 .. T once in T + 1 sequences", () => {
  const clean = Array.from({ length: 7 }, () => new Int32Array(6));
  for (let seed = 0; seed < 20; seed++) {
    const noisy = unpack(rootCountNoise(clean, { maskId, rng: new Rng(seed) }));
    const counts = noisy.filter((_, i) => i % 2 === 0).map(maskCount);
    assert.deepEqual(counts.sort(), [0, 1, 2, 3, 4, 5, 6]);
  }
});

Deno.test("rootCountNoise() weighs masks by 1 / √k, and all of them by 1", () => {
  const clean = [0, 1, 2, 3].map((id) => new Int32Array(7).fill(id));
  const noisy = unpack(rootCountNoise(clean, { maskId, rng: new Rng(3) }));
  const unit = 1 / noisy.reduce((sum, reading) => sum + Math.sqrt(maskCount(reading)), 0);
  for (const reading of noisy) {
    const expected = unit / Math.sqrt(maskCount(reading));
    reading.noisy.forEach((id, i) => {
      assertClose([reading.weights[i]!], [id === maskId ? expected : 0], FLOAT32_TOLERANCE);
    });
  }
  const total = noisy.reduce((sum, { weights }) => weights.reduce((a, b) => a + b, sum), 0);
  assertClose([total], [1], FLOAT32_TOLERANCE);
});

testOnEachBackend("noisyLoss() and its gradients are those of plain loops", async () => {
  const config = { ...TINY, width: 4 }; // 620 parameters, each moved up and down
  const parameters = randomParameters(config, 1);
  const matrices = reference.toMatrices(config, parameters);
  const loss = () => {
    const noisy = sequences.map(({ noisy }) => [...noisy]);
    const targets = sequences.flatMap(({ clean }) => [...clean]);
    const weights = sequences.flatMap(({ weights }) => [...weights]);
    const logits = reference.transformer(config, matrices, noisy);
    return dot(weights, reference.surprisals(logits, targets));
  };
  await assertNoLeak(async () => {
    using model = new Transformer(config, parameters);
    assertClose(await read(noisyLoss(model, batch)), [loss()], FLOAT32_TOLERANCE);

    const found = lossAndGradients(model, batch);
    assertClose(await read(found.loss), [loss()], FLOAT32_TOLERANCE);
    assert.deepEqual(Object.keys(found.gradients), Object.keys(parameters));
    for (const [name, matrix] of Object.entries(matrices)) {
      const slopes = centralDifferences(loss, matrix);
      assert(slopes.some((slope) => Math.abs(slope) > 1e-3), "there is something to compare");
      // The whole model back and forth adds up the roundings of some fifty ops.
      assertClose(await read(found.gradients[name]!), slopes, 1e-5);
    }
  });
});

Deno.test("the loss of an untrained model is ln V, whatever is masked", async () => {
  using model = new Transformer(TINY, initialParameters(TINY, new Rng(1)));
  const clean = sequences.map(({ clean }) => clean);
  const noisy = exactCountNoise(clean, { maskId, rng: new Rng(4) });
  assertClose(await read(noisyLoss(model, noisy)), [Math.log(5)], FLOAT32_TOLERANCE);
});

Deno.test("the loss and its parts leave no tensors behind", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  await assertNoLeak(() => losses(model, batch));
  await assertNoLeak(() => tf.dispose({ ...lossAndGradients(model, batch) }));
});

Deno.test("continuousTimeNoise() masks each place with 1 - alpha at the time of its sequence", () => {
  const clean = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 0)];
  const options = {
    maskId,
    rng: new Rng(5),
    schedule: polynomial(2),
    times: () => Float64Array.of(0.5, 0.8),
  };
  const batches = Array.from({ length: 20_000 }, () => unpack(continuousTimeNoise(clean, options)));
  for (const [b, p] of [0.25, 0.64].entries()) {
    const patterns = tally(8, batches.length, (i) => maskPattern(batches[i]![b]!.noisy, maskId));
    assertFrequencies(patterns, patternProbabilities([p, p, p]));
  }
});

Deno.test("continuousTimeNoise() weighs each mask by -alpha' / (1 - alpha) / (T·B), and nothing else", () => {
  const clean = [1, 2].map((id) => new Int32Array(5).fill(id));
  const rng = new Rng(6);
  const times = () => Float64Array.of(0.5, 0.9);
  const weights = [2 / 0.5 / 10, 2 / 0.9 / 10]; // 2t / t², of two sequences of five
  for (let i = 0; i < 20; i++) {
    const options = { maskId, rng, schedule: polynomial(2), times };
    const noisy = unpack(continuousTimeNoise(clean, options));
    noisy.forEach((sequence, b) => {
      assert.deepEqual(sequence.clean, clean[b]);
      sequence.noisy.forEach((id, i) => {
        assert(id === maskId || id === b + 1);
        assert.equal(sequence.weights[i], id === maskId ? Math.fround(weights[b]!) : 0);
      });
    });
  }
});

Deno.test("continuousTimeNoise() is linear and at shared offsets, unless told otherwise", () => {
  const clean = [new Int32Array(9), new Int32Array(9)];
  assert.deepEqual(
    continuousTimeNoise(clean, { maskId, rng: new Rng(7) }),
    continuousTimeNoise(clean, {
      maskId,
      rng: new Rng(7),
      schedule: linear,
      times: sharedOffsetTimes,
    }),
  );
});

testOnEachBackend(
  "a batch in which nothing is masked has a loss of zero and no gradient",
  async () => {
    using model = new Transformer(TINY, randomParameters(TINY, 1));
    const times = () => Float64Array.of(0, 0); // where the weight is infinite
    const clean = sequences.map(({ clean }) => clean);
    const shown = continuousTimeNoise(clean, { maskId, rng: new Rng(8), times });
    assert.deepEqual(unpack(shown).map(({ noisy }) => noisy), clean);
    assert.deepEqual(await losses(model, shown), Float64Array.of(0, 0));
    const { loss, gradients } = lossAndGradients(model, shown);
    assert.deepEqual(await read(loss), Float32Array.of(0));
    for (const gradient of Object.values(gradients)) {
      assert((await read(gradient)).every((x) => x === 0));
    }
  },
);

Deno.test("nextCharacterNoise() shifts a text by one, behind a mask, and counts all alike", () => {
  const clean = [Int32Array.of(3, 1, 4), Int32Array.of(1, 0, 2)];
  const weights = new Float32Array(3).fill(1 / 6);
  assert.deepEqual(unpack(nextCharacterNoise(clean, { maskId })), [
    { clean: clean[0], noisy: Int32Array.of(maskId, 3, 1), weights },
    { clean: clean[1], noisy: Int32Array.of(maskId, 1, 0), weights },
  ]);
});

Deno.test("a text that the model cannot spell is refused, hidden or not", async () => {
  using model = new Transformer(TINY, randomParameters(TINY, 1));
  const V = TINY.vocabularySize;
  for (const id of [-1, V + 1, V + 9]) {
    const error = {
      name: "RangeError",
      message: `The text has the id ${id}, and the model knows 0 to ${V - 1}: ` +
        "encode the text with the model's own tokenizer.",
    };
    const clean = Int32Array.of(0, id, 1, 2);
    const [hidden, shown] = [[0, V, 1, 2], [0, id, V, 2]].map((ids) => {
      const readings = [{ clean, noisy: Int32Array.from(ids), weight: 1 }];
      return packMasks(readings, { maskId: V, total: 1 });
    });
    for (const batch of [hidden!, shown!]) {
      await assertNoLeak(() => assert.throws(() => noisyLoss(model, batch), error));
      await assert.rejects(predictorOf(model).surprisals(batch), error);
    }
    await assert.rejects(lastFrame(sample(model, [shown!.tokens], { rng: new Rng(1) })), error);
  }
  const mask = [{ clean: Int32Array.of(V), noisy: Int32Array.of(V), weight: 1 }];
  const nothing = packMasks(mask, { maskId: V, total: 1 });
  assert.throws(() => noisyLoss(model, nothing), { message: /^The text has the id 5, / });
});

Deno.test("nextCharacterNoise() gives a causal model's -log p by the chain rule, prefix by prefix", async () => {
  const config = { ...TINY, causal: true };
  const matrices = reference.toMatrices(config, randomParameters(config, 1));
  using model = new Transformer(config, randomParameters(config, 1));
  const [text] = sequences.map(({ clean }) => clean);
  const surprisals = Array.from(text!, (id, i) => {
    const logits = reference.transformer(config, matrices, [[maskId, ...text!.subarray(0, i)]]);
    return reference.surprisals([logits.at(-1)!], [id])[0]!;
  });
  const parts = await partsOfLoss(model, nextCharacterNoise([text!], { maskId }));
  assertClose(parts[0]!, surprisals.map((nats) => nats / 6), FLOAT32_TOLERANCE);
});

Deno.test("rootCountNoise() makes no more readings than are asked for, and still weighs all by 1", () => {
  const clean = [0, 1].map((id) => new Int32Array(7).fill(id));
  for (let seed = 0; seed < 20; seed++) {
    const whole = unpack(rootCountNoise(clean, { maskId, rng: new Rng(seed) }));
    const odd = rootCountNoise(clean, { maskId, rng: new Rng(seed), size: 3 });
    assert.deepEqual(
      unpack(odd).map(({ noisy }) => noisy),
      whole.slice(0, 3).map(({ noisy }) => noisy),
    );
    assertClose([odd.weights.reduce((a, b) => a + b, 0)], [1], FLOAT32_TOLERANCE);
  }
});

Deno.test("the bounds are means over all characters, of sequences of any lengths", async () => {
  const clean = [3, 5].map((length) => new Int32Array(length));
  const surprised: Denoiser = { // 1 nat for every character
    vocabularySize: 2,
    context: 5,
    logits: (_, rows) =>
      tf.tidy(() => tf.tile(tf.tensor2d([[0, Math.log(Math.E - 1)]]), [rows!.size, 1])),
  };
  const options = { maskId: 2, rng: new Rng(1), times: () => Float64Array.of(0.25, 0.75) };
  const shares = await losses(surprised, exactCountNoise(clean, options));
  assertClose(shares, [3 / 8, 5 / 8], FLOAT32_TOLERANCE); // k masks of T / k each
  assertClose(await losses(surprised, nextCharacterNoise(clean, options)), [3 / 8, 5 / 8], 1e-6);
});
