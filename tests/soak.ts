/** `deno task soak`: whether memory stays level however long one trains and samples. */
import { Command } from "commander";
import { tf } from "dlm/backend/backend.ts";
import { createCorpus } from "dlm/corpus.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { PRESETS } from "dlm/training/presets.ts";
import { startRun } from "dlm/training/run.ts";
import { Rng } from "dlm/rng.ts";

const [STEPS, SAMPLINGS] = [2000, 200];

new Command("soak")
  .description("Tells whether memory stays level, however long one trains and samples.")
  .parse(Deno.args, { from: "user" });

/** Tensors of this thread, and megabytes of the whole process, Workers and all. */
interface Memory {
  tensors: number;
  megabytes: number;
}

function measure(): Memory {
  return { tensors: tf.memory().numTensors, megabytes: Deno.memoryUsage().rss / 2 ** 20 };
}

/** Notes the memory at each fifth of some work, and whether it still grows after the second. */
async function soak(what: string, count: number, work: AsyncIterable<unknown>): Promise<boolean> {
  const notes: Memory[] = [];
  let done = 0;
  for await (const _ of work) if (++done % (count / 5) === 0) notes.push(measure());
  console.log(`${count} ${what}:`);
  for (const [i, { tensors, megabytes }] of notes.entries()) {
    console.log(`  after ${(i + 1) * count / 5}: ${tensors} tensors, ${megabytes.toFixed(0)} MB`);
  }
  const [, early, , , late] = notes as [Memory, Memory, Memory, Memory, Memory];
  // What is not collected yet may come and go, but nothing adds up.
  return late.tensors <= early.tensors && late.megabytes < early.megabytes + 64;
}

async function* samplings(model: Parameters<typeof sample>[0] & { context: number }) {
  const { context, vocabularySize } = model;
  const blank = new Int32Array(context).fill(vocabularySize);
  for (let seed = 1; seed <= SAMPLINGS; seed++) {
    yield await lastFrame(sample(model, [blank, blank], { rng: new Rng(seed) }));
  }
}

const corpus = createCorpus("rhyme", "one for sorrow, two for joy, three for a girl\n".repeat(100));
const tiny = { layers: 1, width: 16, heads: 1, context: 32, batch: 8, evaluateEvery: 100 };
const level: boolean[] = [];
for (const workers of [0, 2]) {
  const place = workers === 0 ? "in this thread" : `in ${workers} Workers`;
  const settings = {
    ...PRESETS.smoke,
    ...tiny,
    steps: STEPS,
    seconds: undefined,
    seed: 1,
    workers,
  };
  await using run = await startRun(corpus, settings);
  level.push(await soak(`steps ${place}`, STEPS, run.train()));
  using model = await run.model();
  using predictor = workers === 0 ? undefined : predictInWorkers(model, { workers });
  level.push(await soak(`samplings ${place}`, SAMPLINGS, samplings(predictor ?? model)));
}
const isLevel = level.every(Boolean);
console.log(isLevel ? "Memory stays level." : "Memory grows.");
if (!isLevel) Deno.exit(1);
