import assert from "node:assert/strict";
import proto from "onnx-proto";
import { tf } from "dlm/backend/backend.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { type Denoiser, Transformer, type TransformerConfig } from "dlm/model.ts";
import { encodeOnnx } from "dlm/export/onnx.ts";
import { type OnnxSession, openOnnx } from "dlm/export/onnx_session.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { randomParameters } from "../_support.ts";

const tokenizer = CharTokenizer.fromText("to be, or not to be 🙂");

const config: TransformerConfig = {
  vocabularySize: tokenizer.vocabularySize,
  layers: 3,
  width: 24,
  heads: 3,
  context: 16,
  causal: false,
};

const checkpoint: Checkpoint = {
  version: "1.2.3",
  config,
  characters: tokenizer.characters,
  corpus: { name: "hamlet", sha256: "" },
  average: randomParameters(config, 1),
};

for (const causal of [false, true]) {
  Deno.test(`onnxruntime finds the same logits, ${causal ? "causal" : "bidirectional"}`, async () => {
    const twin = {
      ...checkpoint,
      config: { ...config, causal },
      average: randomParameters({ ...config, causal }, 1),
    };
    await using session = await openOnnx(encodeOnnx(twin));
    using model = new Transformer(twin.config, twin.average);
    const rng = new Rng(2);
    for (const shape of [[1, 1], [1, 16], [5, 7], [3, 50]] as const) {
      const [count, length] = shape;
      const batch = Array.from(
        { length: count },
        () => Int32Array.from({ length }, () => rng.integer(config.vocabularySize + 1)), // masks too
      );
      const rows = batch.map((sequence) => [...sequence]);
      const ours = tf.tidy(() => model.logits(tf.tensor2d(rows, [...shape], "int32")));
      const expected = await ours.data();
      ours.dispose();
      const found = await session.logits(batch);
      assert.equal(found.length, expected.length);
      const worst = found.reduce((max, x, i) => Math.max(max, Math.abs(x - expected[i]!)), 0);
      assert(worst < 1e-5, `off by ${worst} for ${shape}`);
    }
  });
}

/** Says that a denoiser cannot answer yet; it can when the promise is kept. */
class NotYet {
  constructor(readonly answer: Promise<void>) {}
}

/**
 * A denoiser that asks the runtime, whose answers take their time, while a denoiser's may
 * not: what it has not been asked before, it throws a {@linkcode NotYet} for.
 */
function remoteDenoiser(session: OnnxSession): Denoiser {
  const answers = new Map<string, Float32Array>();
  const { vocabularySize, context } = config;
  return {
    vocabularySize,
    context,
    logits(tokens, rows) {
      const batch = tokens.arraySync().map((row) => Int32Array.from(row));
      const key = batch.join();
      const answer = answers.get(key);
      if (!answer) {
        throw new NotYet(session.logits(batch).then((logits) => void answers.set(key, logits)));
      }
      const all = tf.tensor2d(answer, [tokens.size, vocabularySize]);
      return rows ? tf.gather(all, rows) : all;
    },
  };
}

/** Runs something from the beginning, over and over, until its denoiser knows all it is asked. */
async function replay<Result>(run: () => Promise<Result>): Promise<Result> {
  while (true) {
    try {
      return await run();
    } catch (reason) {
      if (!(reason instanceof NotYet)) throw reason;
      await reason.answer;
    }
  }
}

Deno.test("sampling through onnxruntime writes the same text for the same seed", async () => {
  await using session = await openOnnx(encodeOnnx(checkpoint));
  using model = new Transformer(config, checkpoint.average);
  const blank = new Int32Array(config.context).fill(tokenizer.maskId);
  const write = async (denoiser: Denoiser, seed: number) => {
    const { sequences } = await lastFrame(
      sample(denoiser, [blank, blank], { rng: new Rng(seed), temperature: 0.5 }),
    );
    return sequences.map((ids) => tokenizer.decode(ids));
  };
  const remote = remoteDenoiser(session);
  for (const seed of [1, 2]) {
    assert.deepEqual(await replay(() => write(remote, seed)), await write(model, seed));
  }
  assert.notDeepEqual(await write(model, 1), await write(model, 2));
});

Deno.test("encodeOnnx() says what the ids stand for", () => {
  const { metadataProps, opsetImport, producerVersion } = proto.onnx.ModelProto.decode(
    encodeOnnx(checkpoint),
  );
  const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
  assert.deepEqual(JSON.parse(metadata.vocabulary!), tokenizer.characters);
  assert.deepEqual(JSON.parse(metadata.config!), config);
  assert.equal(Number(opsetImport[0]!.version), 17);
  assert.equal(producerVersion, "1.2.3");
});
