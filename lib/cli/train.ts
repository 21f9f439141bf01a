import { SingleBar } from "cli-progress";
import { Command, Option } from "commander";
import plot from "simple-ascii-chart";
import { dirname } from "node:path";
import { BACKENDS, KERNEL_WISHES, kernelsInUse, tf, useBackend } from "dlm/backend/backend.ts";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { anyWholeNumber, positiveNumber, runCommand, wholeNumber } from "dlm/cli/_command.ts";
import { openCorpus } from "dlm/cli/_inputs.ts";
import type { Corpus } from "dlm/corpus.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";
import { parameterCount } from "dlm/model.ts";
import { type PresetName, PRESETS, type RunSettings } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import { resumeRun, type Run, startRun, withBudget } from "dlm/training/run.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import type { TrainMetrics } from "dlm/trainer.ts";

const SAVE_EVERY = 30_000; // ms between checkpoints

/** A run with what belongs to it. */
interface OpenRun {
  run: Run;
  corpus: Corpus;
}

const command = new Command("train")
  .description("Trains a model on a text, saving checkpoints as it goes.")
  .option("--corpus <name|file>", `${TEXT_NAMES.join(", ")}, or any UTF-8 text file`)
  .addOption(
    new Option("--preset <name>", "hyperparameters to start from (default: laptop)")
      .choices(Object.keys(PRESETS) as PresetName[]),
  )
  .option("--steps <N>", "end after N steps", wholeNumber(1))
  .option("--seconds <S>", "end after S seconds", positiveNumber)
  .option("--seed <N>", "another seed, another run (default: 1)", anyWholeNumber)
  .option("--layers <N>", "blocks", wholeNumber(1))
  .option("--width <D>", "features of a character", wholeNumber(1))
  .option("--heads <H>", "attention heads", wholeNumber(1))
  .option("--context <T>", "characters of a sequence", wholeNumber(2))
  .option("--batch <B>", "sequences a step", wholeNumber(1))
  .option("--micro-batch <N>", "sequences at once; bounds the memory", wholeNumber(1))
  .option("--causal", "train the autoregressive twin, which predicts the next character")
  .option("--learning-rate <X>", "the peak learning rate of AdamW", positiveNumber)
  .option("--matrix-learning-rate <X>", "the peak learning rate of Muon", positiveNumber)
  .option("--warmup-steps <N>", "steps in which the learning rates rise", wholeNumber(0))
  .option("--evaluate-every <N>", "steps between evaluations", wholeNumber(1))
  .option("--workers <N>", "Workers that share a batch (default: one a core)", wholeNumber(0))
  .addOption(new Option("--backend <name>").choices(BACKENDS).default("wasm" as const))
  .addOption(
    new Option("--kernels <kind>", "machine code or WebAssembly (default: the faster that works)")
      .choices(KERNEL_WISHES),
  )
  .option("--out <dir>", "folder of the run (default: a new one in runs/)")
  .option("--resume", "go on with the run in --out")
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    await useBackend(options.backend, { kernels: options.kernels });
    const folder = options.out ?? await freeFolder(options.preset ?? "laptop");
    const path = `${folder}/checkpoint.safetensors`;
    const { run, corpus } = await (options.resume ? reopen : open)(path, options);
    await using _ = run;
    const last = await follow(run, path);
    const samples = await writeSamples(run, corpus);
    if (!options.json) return console.log(samples);
    console.error(samples);
    console.log(JSON.stringify({
      steps: last.step,
      characters: last.characters,
      charactersPerSecond: Math.round(last.characters / last.seconds),
      trainNats: last.loss,
      valBitsPerChar: last.validation?.bitsPerCharacter,
      valStandardError: last.validation?.standardError,
      parameters: parameterCount(run.config),
      checkpoint: path,
      corpus: corpus.name,
      seed: run.settings.seed,
      backend: tf.getBackend(),
      kernels: kernelsInUse().set,
    }));
  });

type Options = ReturnType<typeof command.opts>;

async function open(path: string, options: Options): Promise<OpenRun> {
  if (await exists(path)) {
    throw new RangeError(
      `${path} holds a run already: add --resume to go on with it, or choose another --out.`,
    );
  }
  const { preset = "laptop", seed = 1 } = options;
  const settings: RunSettings = {
    ...PRESETS[preset],
    seed,
    causal: false,
    ...hyperparameters(options),
    workers: options.workers,
  };
  const corpus = await openCorpus(options.corpus);
  return { run: await startRun(corpus, withBudget(settings, options)), corpus };
}

/** The run of a checkpoint, of which only the budget and the number of Workers may change. */
async function reopen(path: string, options: Options): Promise<OpenRun> {
  const checkpoint = await loadCheckpoint(path);
  const asked = { ...(options.preset && PRESETS[options.preset]), ...options };
  for (const [name, value] of Object.entries(hyperparameters(asked))) {
    const kept = checkpoint.training?.settings[name as keyof RunSettings];
    if (kept === value) continue;
    throw new RangeError(
      `The run in ${path} has ${name} ${kept}, not ${value}: leave the option out to go on with it.`,
    );
  }
  const { set } = kernelsInUse();
  if (checkpoint.kernels !== undefined && checkpoint.kernels !== set) {
    console.error(
      `The run was trained with ${checkpoint.kernels} kernels and goes on with ${set}: ` +
        `its curve may differ in its last digits.`,
    );
  }
  const corpus = await openCorpus(options.corpus ?? checkpoint.corpus.name);
  return { run: await resumeRun(corpus, checkpoint, options), corpus };
}

/** The options that are hyperparameters, which a resumed run cannot change. */
const HYPERPARAMETERS = [
  "seed",
  "layers",
  "width",
  "heads",
  "context",
  "batch",
  "microBatch",
  "causal",
  "learningRate",
  "matrixLearningRate",
  "warmupSteps",
  "evaluateEvery",
] as const;

function hyperparameters(options: Options): Partial<RunSettings> {
  const given = HYPERPARAMETERS.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}

/**
 * Trains to the end, showing how it goes and saving as it does.
 *
 * @throws {Interrupted} once what was learned is saved
 */
async function follow(run: Run, path: string): Promise<TrainMetrics> {
  const bar = new SingleBar({
    format: "{bar} step {step} | {loss} nats | {speed} characters/s | {left} s left",
    hideCursor: true,
  });
  bar.start(1, 0, { step: 0, loss: "–", speed: "–", left: "–" });
  const curve: [number, number][] = [];
  let last: TrainMetrics | undefined;
  let saved = -Infinity; // saves at once, to find out that it can
  let stopped: Interrupted | undefined;
  try {
    for await (const metrics of run.train()) {
      last = metrics;
      bar.update(metrics.progress, describe(metrics));
      if (metrics.validation) {
        const { bitsPerCharacter, standardError } = metrics.validation;
        curve.push([metrics.step, bitsPerCharacter]);
        console.error(
          `\nstep ${metrics.step}: ${bitsPerCharacter.toFixed(3)} ± ${standardError.toFixed(3)} ` +
            `bits per character on validation text`,
        );
      }
      if (Date.now() - saved < SAVE_EVERY) continue;
      await run.save(path);
      saved = Date.now();
    }
  } catch (error) {
    if (!last || !(error instanceof Interrupted)) throw error;
    const folder = dirname(path);
    stopped = new Interrupted(
      `after step ${last.step}, which is saved: go on with deno task train --resume --out ${folder}`,
    );
  } finally {
    bar.stop();
  }
  if (!last) {
    throw new RangeError("This run is at its end: give more --steps or --seconds to go on.");
  }
  await run.save(path);
  if (stopped) throw stopped;
  if (curve.length > 1) console.error(plot(curve, { width: 60, height: 10 }));
  return last;
}

function describe(metrics: TrainMetrics) {
  const { step, loss, characters, seconds, progress } = metrics;
  return {
    step,
    loss: loss.toFixed(3),
    speed: Math.round(characters / seconds),
    left: Math.ceil(seconds / progress - seconds),
  };
}

/** A few samples of the run's model, one below the other. */
async function writeSamples(run: Run, corpus: Corpus): Promise<string> {
  if (run.config.causal) return "No samples: a causal model is here to be compared with.";
  using model = await run.model();
  const { maskId } = corpus.tokenizer;
  const templates = Array.from({ length: 3 }, () => new Int32Array(model.context).fill(maskId));
  const { sequences } = await lastFrame(sample(model, templates, { rng: new Rng(1) }));
  return sequences.map((ids) => corpus.tokenizer.decode(ids)).join("\n———\n");
}

/** `runs/NAME-1`, or the first number that is not yet taken. */
async function freeFolder(name: string): Promise<string> {
  for (let n = 1;; n++) {
    const folder = `runs/${name}-${n}`;
    if (!await exists(folder)) return folder;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

await runCommand(command);
