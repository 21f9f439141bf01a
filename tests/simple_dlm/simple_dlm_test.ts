import assert from "node:assert/strict";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { evaluate } from "dlm/evaluation.ts";
import { initialParameters, Transformer } from "dlm/model.ts";
import { exactCountNoise, lossAndGradients } from "dlm/objective.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import {
  type Choice,
  CHOICES,
  type Choices,
  SIMPLE_DLM,
  UNDONE,
  undoneInTurn,
} from "dlm/simple_dlm/choices.ts";
import {
  initialSimpleDlm,
  SimpleDlm,
  type SimpleDlmConfig,
  simpleDlmShapes,
  withAllOutputs,
} from "dlm/simple_dlm/simple_dlm.ts";
import {
  add,
  dot,
  embed,
  FLOAT32_TOLERANCE,
  matMul,
  type Matrix,
  reluSquared,
  rmsNorm,
  rotary,
  softmax,
  transpose,
} from "../_reference.ts";
import { assertClose, assertNoLeak, take, testOnEachBackend, TINY } from "../_support.ts";

const names = Object.keys(CHOICES) as Choice[];
const maskId = TINY.vocabularySize;
const tokens = [[0, 3, maskId, 1, maskId, 4], [maskId, 2, 2, maskId, 0, maskId]];

function configOf(choices: Choices): SimpleDlmConfig {
  const { causal: _, ...size } = TINY;
  return { ...size, choices };
}

/** Parameters of which none is zero, so that all of the model counts. */
function randomValues(config: SimpleDlmConfig): NamedArrays {
  const rng = new Rng(1);
  return Object.fromEntries(
    Object.entries(simpleDlmShapes(config)).map(([name, [rows, columns]]) => {
      const numbers = rng.stream(name);
      const draw = () => numbers.normal() / Math.sqrt(rows);
      return [name, Float32Array.from({ length: rows * columns }, draw)];
    }),
  );
}

/** What a model with random parameters says of all places. */
async function outputs(choices: Choices, method: "logits" | "outputs" = "outputs") {
  const config = configOf(choices);
  using model = new SimpleDlm(config, randomValues(config));
  return await take(tf.tidy(() => model[method](tf.tensor2d(tokens, undefined, "int32"))));
}

/** Each parameter as rows of doubles. */
function matricesOf(config: SimpleDlmConfig, values: NamedArrays): Record<string, Matrix> {
  return Object.fromEntries(
    Object.entries(simpleDlmShapes(config)).map(([name, [rows, columns]]) => [
      name,
      Array.from(
        { length: rows },
        (_, r) => [...values[name]!.slice(r * columns, (r + 1) * columns)],
      ),
    ]),
  );
}

/** The model with all choices made, once more: plain loops over doubles. */
function simpleDlm(config: SimpleDlmConfig, values: NamedArrays, tokens: number[][]): Matrix {
  const [T, D] = [tokens[0]!.length, config.width];
  const matrices = matricesOf(config, values);
  const linear = (x: Matrix, name: string) =>
    matMul(x, matrices[name]!).map((row) =>
      row.map((y, j) => y + matrices[`${name}.bias`]![0]![j]!)
    );
  const norm = (x: Matrix, name: string) =>
    x.map((row) => {
      const centre = row.reduce((a, b) => a + b) / D;
      const centred = row.map((y) => y - centre);
      const deviation = Math.sqrt(dot(centred, centred) / D + 1e-5);
      const [gains, biases] = [matrices[`${name}.gain`]![0]!, matrices[`${name}.bias`]![0]!];
      return centred.map((y, j) => y / deviation * gains[j]! + biases[j]!);
    });
  return tokens.flatMap((sequence) => {
    const share = sequence.filter((id) => id === maskId).length / T;
    let x = add(embed(matrices.embedding!, [sequence]), matrices.positions!.slice(0, T));
    x = add(x, linear(sequence.map(() => [share]), "time"));
    for (let i = 0; i < config.layers; i++) {
      const qkv = linear(norm(x, `blocks.${i}.attention.norm`), `blocks.${i}.attention.qkv`);
      const [q, k, v] = [0, 1, 2].map((n) => qkv.map((row) => row.slice(n * D, (n + 1) * D)));
      const scores = matMul(q!, transpose(k!)).map((row) => row.map((y) => y / Math.sqrt(D)));
      x = add(x, matMul(scores.map(softmax), v!));
      const hidden = linear(norm(x, `blocks.${i}.mlp.norm`), `blocks.${i}.mlp.up`);
      const active = hidden.map((row) => row.map((y) => Math.max(0, y)));
      x = add(x, linear(active, `blocks.${i}.mlp.down`));
    }
    return linear(x, "head");
  });
}

testOnEachBackend("with all choices its outputs are those of plain loops", async () => {
  const config = configOf(SIMPLE_DLM);
  const expected = simpleDlm(config, randomValues(config), tokens);
  const found = await outputs(SIMPLE_DLM);
  assert.deepEqual([found.length, found[0]!.length], [12, TINY.vocabularySize + 1]);
  assertClose(found.flat(), expected.flat(), 1e-5); // as for the library's model
});

/** The library's model, but with free scores, and without neighbours, once more in plain loops. */
function freeScores(config: SimpleDlmConfig, values: NamedArrays, tokens: number[][]): Matrix {
  const matrices = matricesOf(config, values);
  const size = config.width / config.heads;
  return tokens.flatMap((sequence) => {
    let x = rmsNorm(embed(matrices.embedding!, [sequence]));
    for (let i = 0; i < config.layers; i++) {
      const qkv = matMul(rmsNorm(x), matrices[`blocks.${i}.attention.qkv`]!);
      const heads = Array.from({ length: config.heads }, (_, h) => {
        const [q, k, v] = [0, 1, 2].map((n) => (n * config.heads + h) * size)
          .map((from) => qkv.map((row) => row.slice(from, from + size)));
        const scores = matMul(rotary(q!), transpose(rotary(k!)));
        return matMul(scores.map((row) => softmax(row.map((y) => y / Math.sqrt(size)))), v!);
      });
      const mixed = x.map((_, t) => heads.flatMap((rows) => rows[t]!));
      x = add(x, matMul(mixed, matrices[`blocks.${i}.attention.out`]!));
      const hidden = reluSquared(matMul(rmsNorm(x), matrices[`blocks.${i}.mlp.up`]!));
      x = add(x, matMul(hidden, matrices[`blocks.${i}.mlp.down`]!));
    }
    return matMul(rmsNorm(x), matrices.head!);
  });
}

testOnEachBackend("with free scores alone, heads and turns are those of plain loops", async () => {
  const choices = { ...UNDONE, freeScores: true, noNeighbours: true };
  const config = configOf(choices);
  const expected = freeScores(config, randomValues(config), tokens);
  assertClose((await outputs(choices)).flat(), expected.flat(), 1e-5);
});

Deno.test("with all choices undone it is the library's model, from its first parameters on", async () => {
  const config = configOf(UNDONE);
  const initial = initialSimpleDlm(config, new Rng(1));
  assert.deepEqual(initial, initialParameters(TINY, new Rng(1)));
  using model = new Transformer(TINY, randomValues(config));
  const logits = tf.tidy(() => model.logits(tf.tensor2d(tokens, undefined, "int32")));
  assertClose((await outputs(UNDONE)).flat(), (await take(logits)).flat(), FLOAT32_TOLERANCE);
});

for (const name of names) {
  for (const choices of [{ ...UNDONE, [name]: true }, { ...SIMPLE_DLM, [name]: false }]) {
    const kind = choices[name] ? `with ${name} alone` : `with ${name} alone undone`;

    Deno.test(`${kind} every parameter has a gradient`, async () => {
      const config = configOf(choices);
      using model = new SimpleDlm(config, randomValues(config));
      const clean = [[0, 3, 1, 1, 2, 4], [3, 2, 2, 4, 0, 1]].map((ids) => Int32Array.from(ids));
      const noisy = exactCountNoise(clean, { maskId, rng: new Rng(2) });
      const { loss, gradients } = lossAndGradients(withAllOutputs(model), noisy);
      assert.deepEqual(Object.keys(gradients), Object.keys(simpleDlmShapes(config)));
      for (const [parameter, gradient] of Object.entries(gradients)) {
        const numbers = await gradient.data();
        assert(numbers.every(isFinite) && numbers.some((x) => x !== 0), parameter);
      }
      tf.dispose([loss, gradients]);
    });
  }
}

Deno.test("each choice of how to compute makes a difference by itself", async () => {
  const usual = (await outputs(UNDONE)).flat();
  // The shapes are the same, and so are the parameters.
  for (const name of ["freeScores", "oneHead", "noFinalNorm", "largeEmbeddings", "relu"]) {
    const found = (await outputs({ ...UNDONE, [name]: true })).flat();
    assert(found.some((x, i) => Math.abs(x - usual[i]!) > 0.01), name);
  }
});

Deno.test("with learned positions alone a place is told by nothing else", async () => {
  const config = configOf({ ...UNDONE, learnedPositions: true, noNeighbours: true });
  const positions = new Float32Array(config.context * config.width); // all alike
  using model = new SimpleDlm(config, { ...randomValues(config), positions });
  const says = async (tokens: number[]) =>
    await take(tf.tidy(() => model.outputs(tf.tensor2d([tokens], undefined, "int32"))));
  const backwards = await says(tokens[0]!.toReversed());
  assertClose((await says(tokens[0]!)).flat(), backwards.toReversed().flat(), FLOAT32_TOLERANCE);
});

Deno.test("undoneInTurn() leads from simple_dlm to the library, one choice at a time", () => {
  const path = Object.values(undoneInTurn());
  assert.deepEqual(path[0], SIMPLE_DLM);
  assert.deepEqual(path.at(-1), UNDONE);
  const left = path.map((choices) => Object.values(choices).filter(Boolean).length);
  assert.deepEqual(left, names.map((_, i) => names.length - i).concat(0));
});

Deno.test("logits() are the outputs for characters, whether there is one for the mask or not", async () => {
  for (const choices of [SIMPLE_DLM, UNDONE]) {
    const [all, characters] = [await outputs(choices), await outputs(choices, "logits")];
    assert.deepEqual(characters, all.map((row) => row.slice(0, TINY.vocabularySize)));
  }
});

Deno.test("logits() of some rows are those rows of all logits", async () => {
  const config = configOf(SIMPLE_DLM);
  using model = new SimpleDlm(config, randomValues(config));
  const some = tf.tidy(() =>
    model.outputs(tf.tensor2d(tokens, undefined, "int32"), tf.tensor1d([7, 2], "int32"))
  );
  const all = await outputs(SIMPLE_DLM);
  assertClose((await take(some)).flat(), [...all[7]!, ...all[2]!], FLOAT32_TOLERANCE);
});

Deno.test("a probability given to the mask is lost to withAllOutputs() and not to the model", async () => {
  const config = configOf({ ...UNDONE, maskOutput: true });
  using model = new SimpleDlm(config, initialSimpleDlm(config, new Rng(1))); // its head is zero
  const text = Int32Array.from({ length: 60 }, (_, i) => i % TINY.vocabularySize);
  const [all, characters] = [
    await evaluate(withAllOutputs(model), text),
    await evaluate(model, text),
  ];
  assertClose([all.bitsPerCharacter], [Math.log2(6)], FLOAT32_TOLERANCE);
  assertClose([characters.bitsPerCharacter], [Math.log2(5)], FLOAT32_TOLERANCE);
});

Deno.test("PyTorch's start and large embeddings have the spread that they say", () => {
  const config = { ...configOf(SIMPLE_DLM), width: 64, vocabularySize: 65 };
  const values = initialSimpleDlm(config, new Rng(1));
  const spread = (name: string) => {
    const numbers = values[name]!;
    return Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length);
  };
  const close = (actual: number, expected: number) =>
    assert(Math.abs(actual / expected - 1) < 0.03);
  close(spread("embedding"), 1);
  close(spread("blocks.1.mlp.down"), 1 / Math.sqrt(3 * 256)); // that of a uniform number
  assert(Math.max(...values["blocks.1.mlp.down"]!) <= 1 / Math.sqrt(256));
  assert(Math.max(...values["blocks.1.mlp.down.bias"]!) <= 1 / Math.sqrt(256));
  assert(values["blocks.0.mlp.norm.gain"]!.every((x) => x === 1));
  assert(values["blocks.0.mlp.norm.bias"]!.every((x) => x === 0));
});

Deno.test("the sampler writes with it, and neither leaves tensors behind", async () => {
  await assertNoLeak(async () => {
    const config = configOf(SIMPLE_DLM);
    using model = new SimpleDlm(config, initialSimpleDlm(config, new Rng(1)));
    const blank = new Int32Array(6).fill(maskId);
    const { sequences } = await lastFrame(sample(model, [blank], { steps: 3, rng: new Rng(1) }));
    assert(sequences[0]!.every((id) => id < maskId));
  });
});

Deno.test("SimpleDlm tells of a config or parameters that make no sense", () => {
  const config = configOf(SIMPLE_DLM);
  const values = initialSimpleDlm(config, new Rng(1));
  for (
    const [changes, message] of [
      [{ layers: 0 }, /^The model's layers is 0: it must be a whole number of at least 1\.$/],
      [{ heads: NaN }, /^The model's heads is NaN: it must be a whole number of at least 1\.$/],
      [{ heads: 3 }, /^3 heads do not divide a width of 8 /], // though with one head now
      [
        { choices: { ...SIMPLE_DLM, ["twoHeads" as string]: true } },
        /^simple_dlm has no choice "twoHeads": give one of doubledNewlines, .+, maskOutput\.$/,
      ],
      [
        { choices: UNDONE },
        /^The parameter neighbours has 0 numbers, but .* 48 × 8: /,
      ],
    ] as const
  ) {
    assert.throws(() => new SimpleDlm({ ...config, ...changes }, values), {
      name: "RangeError",
      message,
    });
  }
  assert.throws(() => simpleDlmShapes({ ...config, width: -8 }), { name: "RangeError" });
  assert.throws(() => initialSimpleDlm({ ...config, width: 20_000 }, new Rng(1)), {
    name: "RangeError",
    message: /parameters does not fit into memory: give it fewer layers or a smaller width\.$/,
  });
});
