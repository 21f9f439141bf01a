import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { loadCheckpoint, loadModel, saveCheckpoint } from "dlm/training/checkpoint.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import { createCorpus, drawWindows } from "dlm/corpus.ts";
import type { NoisyBatch } from "dlm/batch.ts";
import { createLearner } from "dlm/crew/learner.ts";
import { Transformer, type TransformerConfig } from "dlm/model.ts";
import { exactCountNoise, noisyLoss } from "dlm/objective.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import { resumeRun, startRun } from "dlm/training/run.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { unpack } from "../_batches.ts";
import { runPython, testWithPyTorch, torchrun } from "./_pytorch.ts";
import { FLOAT32_TOLERANCE } from "../_reference.ts";
import { assertClose, inFolder, randomParameters, TINY } from "../_support.ts";

async function assertSameLogits(path: string, config: TransformerConfig): Promise<void> {
  const checkpoint: Checkpoint = {
    version: "1.2.3",
    config,
    characters: ["a", "b", "c", "d", "🙂"],
    corpus: { name: "letters", sha256: "" },
    average: randomParameters(config, 1),
  };
  await saveCheckpoint(path, checkpoint);
  const rng = new Rng(2);
  const tokens = Array.from(
    { length: 3 },
    () => Array.from({ length: config.context }, () => rng.integer(config.vocabularySize + 1)),
  );
  const theirs = await runPython(
    `
from denoiser import load
model, _ = load(given["path"])
with torch.no_grad():
    answer(model(torch.tensor(given["tokens"])).flatten().tolist())`,
    { path, tokens },
  ) as number[];
  using model = new Transformer(config, checkpoint.average);
  const ours = tf.tidy(() => model.logits(tf.tensor2d(tokens, undefined, "int32")));
  assertClose(await ours.data(), theirs, FLOAT32_TOLERANCE);
  ours.dispose();
}

testWithPyTorch("PyTorch finds the same logits from the same file", async () => {
  await inFolder(async (folder) => {
    await assertSameLogits(`${folder}/denoiser`, TINY);
    await assertSameLogits(`${folder}/causal`, { ...TINY, causal: true });
  });
});

const text = "it was the best of times, it was the worst of times\n".repeat(20);
const corpus = createCorpus("times", text);

/** A run of a few steps, for others to go on with. */
async function saveRun(path: string): Promise<void> {
  const settings = { ...PRESETS.smoke, context: 16, steps: 5, seed: 1, workers: 0 };
  await using run = await startRun(corpus, settings);
  await Array.fromAsync(run.train());
  await run.save(path);
}

function drawBatch(rng: Rng): NoisyBatch {
  const windows = drawWindows(corpus.train, { count: 6, length: 16, rng });
  return exactCountNoise(windows, { maskId: corpus.tokenizer.maskId, rng });
}

/** A batch as Python gets it: clean, noisy and weights, `[B, T]` each. */
function toRows(batch: NoisyBatch): number[][][] {
  const sequences = unpack(batch);
  return (["clean", "noisy", "weights"] as const).map((part) => sequences.map((x) => [...x[part]]));
}

testWithPyTorch("PyTorch takes the same steps on the same batches", async () => {
  await inFolder(async (folder) => {
    const [path, out] = [`${folder}/start`, `${folder}/end`];
    await saveRun(path);
    const rng = new Rng(3);
    const batches = Array.from({ length: 5 }, () => drawBatch(rng));
    const theirs = await runPython(
      `
from denoiser import read_safetensors, write_safetensors
from train import Learner
tensors, metadata = read_safetensors(given["path"])
learner = Learner(json.loads(metadata["config"]), tensors, 5)
losses = []
for step, batch in enumerate(given["batches"], 6):
    losses.append(learner.step([torch.tensor(part) for part in batch], step, (0.01, 0.02)))
write_safetensors(given["out"], learner.tensors(), metadata)
answer(losses)`,
      { path, out, batches: batches.map(toRows) },
    ) as number[];

    const { config, average, training } = await loadCheckpoint(path);
    const start = { ...training!, average };
    await using learner = createLearner({ config, start, microBatch: 6 });
    const ours: number[] = [];
    for (const [i, batch] of batches.entries()) {
      ours.push(
        (await learner.step(batch, { step: 6 + i, learningRate: 0.01, matrixLearningRate: 0.02 }))
          .loss,
      );
    }
    assertClose(ours, theirs, 1e-5);
    const end = await loadCheckpoint(out);
    const state = { ...end.training!, average: end.average };
    for (const part of ["parameters", "mean", "meanSquare", "average"] as const) {
      const numbers = await learner.state(part);
      assert.deepEqual(Object.keys(numbers), Object.keys(state[part]));
      for (const name in numbers) assertClose(numbers[name]!, state[part][name]!, 1e-4);
    }
  });
});

testWithPyTorch(
  "two PyTorch processes train as one does, and what they write runs here",
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/start`;
      await saveRun(path);
      await Deno.writeTextFile(`${folder}/times.txt`, text);
      const further = async (processes: number, ...more: string[]) => {
        const out = `${folder}/further/${processes}`; // a folder that is not there yet
        const args = [path, "--corpus", `${folder}/times.txt`, "--steps", "25", "--out", out];
        args.push(...more);
        const printed = await torchrun(processes, "train.py", args);
        return { out, losses: printed.trim().split("\n").map((line) => JSON.parse(line).loss) };
      };
      const [short, one, two] = [
        await further(2, "--bfloat16"),
        await further(1),
        await further(2),
      ];
      assert.equal(one.losses.length, 20);
      assertClose(two.losses, one.losses, 1e-4);
      assert.notDeepEqual(short.losses, two.losses);
      assertClose(short.losses, two.losses, 0.02); // 16 bits keep two to three digits
      assert(one.losses.at(-1) < one.losses[0], "nothing was learned");

      // The same bits per character on both sides:
      const batch = drawBatch(new Rng(4));
      using loaded = await loadModel(two.out);
      const nats = noisyLoss(loaded.model, batch);
      const theirs = await runPython(
        `
from denoiser import load
from train import noisy_loss
model, _ = load(given["path"])
with torch.no_grad():
    answer([noisy_loss(model, *(torch.tensor(part) for part in given["batch"])).item()])`,
        { path: two.out, batch: toRows(batch) },
      ) as number[];
      assertClose(await nats.data(), theirs, FLOAT32_TOLERANCE);
      nats.dispose();

      const blank = new Int32Array(16).fill(loaded.tokenizer.maskId);
      const { sequences } = await lastFrame(sample(loaded.model, [blank], { rng: new Rng(1) }));
      assert.equal([...loaded.tokenizer.decode(sequences[0]!)].length, 16);

      await using run = await resumeRun(corpus, await loadCheckpoint(two.out), { steps: 27 });
      assert.deepEqual(await Array.fromAsync(run.train(), ({ step }) => step), [26, 27]);
    });
  },
);

testWithPyTorch(
  "PyTorch says what is wrong with a run, and leaves its file as it was",
  async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/start`;
      await Deno.writeTextFile(`${folder}/times.txt`, text);
      await Deno.writeFile(`${folder}/latin.txt`, Uint8Array.of(0xe9));
      const args = [path, "--corpus", `${folder}/times.txt`, "--steps", "9", "--out", path];
      await saveRun(path);
      const run = await loadCheckpoint(path);
      for (
        const [settings, more, processes, sentence] of [
          [{}, ["--steps", "1"], 1, /The run has all of its \d+ steps: give more --steps/],
          [{}, ["--corpus", "nowhere.txt"], 1, /nowhere\.txt cannot be read or written: No such/],
          [{}, ["--corpus", `${folder}/latin.txt`], 1, /latin\.txt is not UTF-8 text/],
          [{}, ["--out", folder], 1, /is a folder: name the file to write with --out/],
          [{}, ["--save-every", "0"], 1, /invalid positive value: '0'/],
          [{ muon: false }, [], 1, /the run began without it/],
          [{ batch: 1 }, [], 2, /A batch of 1 cannot be shared by 2 processes: start fewer/],
          [
            { learningRate: 1e30, matrixLearningRate: 1e30 },
            [],
            1,
            /The loss became (nan|inf) at step \d+: start again with lower learning rates\./,
          ],
          [
            { learningRate: 1e30, matrixLearningRate: 1e30 },
            ["--bfloat16"],
            1,
            /start again with lower learning rates, or without --bfloat16\./,
          ],
        ] as const
      ) {
        const training = { ...run.training!, settings: { ...run.training!.settings, ...settings } };
        await saveCheckpoint(path, { ...run, training });
        const before = await Deno.readFile(path);
        await assert.rejects(torchrun(processes, "train.py", [...args, ...more]), sentence);
        assert.deepEqual(await Deno.readFile(path), before);
      }
    });
  },
);

testWithPyTorch("PyTorch refuses a file that was damaged, and seals what it writes", async () => {
  await inFolder(async (folder) => {
    const [path, again] = [`${folder}/start`, `${folder}/again`];
    await saveRun(path);
    const read = (path: string) =>
      runPython(
        `
from denoiser import read_safetensors, write_safetensors
try:
    write_safetensors(given["again"], *read_safetensors(given["path"]))
    answer("read")
except SystemExit as error:
    answer(str(error))`,
        { path, again },
      );
    assert.equal(await read(path), "read");
    assert.deepEqual(await loadCheckpoint(again), await loadCheckpoint(path));
    const bytes = await Deno.readFile(again);
    bytes[bytes.length - 9]! ^= 1;
    await Deno.writeFile(again, bytes);
    assert.match(String(await read(again)), /again is not as it was written/);
    const bfloat16 = `{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`;
    for (
      const text of [
        "",
        "no",
        "# A heading, and prose",
        `${String.fromCharCode(bfloat16.length)}\0\0\0\0\0\0\0${bfloat16}ab`,
      ]
    ) {
      await Deno.writeTextFile(`${folder}/other`, text);
      assert.match(String(await read(`${folder}/other`)), /other is no checkpoint of this library/);
    }
    await assert.rejects(loadCheckpoint(again), /it is not as it was written/);
  });
});

testWithPyTorch(
  "PyTorch says that a file cannot be written, and leaves nothing of it",
  async () => {
    await inFolder(async (folder) => {
      const out = `${folder}/a folder`;
      await Deno.mkdir(out);
      const said = await runPython(
        `
from denoiser import write_safetensors
try:
    write_safetensors(given["out"], {"a": torch.zeros(2)}, {})
except SystemExit as error:
    answer(str(error))`,
        { out },
      );
      assert.match(String(said), /a folder cannot be written \(Is a directory\)/);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), [
        "a folder",
      ]);
    });
  },
);
