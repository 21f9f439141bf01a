import {
  anyWholeNumber,
  listenForTermination,
  path,
  positiveNumber,
  runCommand,
  Terminated,
  wholeNumber,
} from "dlm/cli/_command.ts";
import { Command, Option } from "commander";
import plot from "simple-ascii-chart";
import { dirname } from "node:path";
import { KERNEL_WISHES, kernelsInUse, tf, useBackend } from "dlm/backend/backend.ts";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { loadCheckpoint } from "dlm/training/checkpoint.ts";
import { backendOption, modelPath, openCorpus, openLearnedText } from "dlm/cli/_inputs.ts";
import { progressBar, startBar } from "dlm/cli/_progress.ts";
import type { Corpus } from "dlm/corpus.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";
import { printable } from "dlm/display/glyphs.ts";
import { parameterCount, type TransformerConfig } from "dlm/model.ts";
import { chooseBackend } from "dlm/training/backend_choice.ts";
import { describeSplitShift } from "dlm/training/split_shift.ts";
import { type PresetName, PRESETS, type RunSettings } from "dlm/training/presets.ts";
import { Rng } from "dlm/rng.ts";
import {
  checkpointIn,
  claimRunFolder,
  makeRunFolder,
  newestRunFolder,
  type RunFolder,
} from "dlm/training/run_folder.ts";
import { resumeRun, type Run, startRun, withBudget } from "dlm/training/run.ts";
import { copies, type Frame, sample } from "dlm/sampler.ts";
import type { TrainMetrics } from "dlm/trainer.ts";
import { describeVocabularyCost } from "dlm/training/vocabulary_cost.ts";

const SAVE_EVERY = 30_000; // ms between checkpoints

/** A run with what belongs to it. */
interface OpenRun {
  run: Run;
  corpus: Corpus;
  /** Claimed until it is disposed of. */
  folder: RunFolder;
}

const command = new Command("train")
  .description("Trains a model on a text, saving checkpoints as it goes.")
  .option(
    "--corpus <name|file>",
    `${TEXT_NAMES.join(", ")}, or any UTF-8 text file (default: the chosen text)`,
    path,
  )
  .addOption(
    new Option("--preset <name>", "hyperparameters to start from (default: laptop)")
      .choices(Object.keys(PRESETS) as PresetName[]),
  )
  .option("--from <name|file>", "start with the parameters of a model, not with random ones", path)
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
  .addOption(backendOption)
  .addOption(
    new Option("--kernels <kind>", "machine code or WebAssembly (default: the faster that works)")
      .choices(KERNEL_WISHES),
  )
  .option("--out <dir>", "folder of the run (default: a new one in runs/)", path)
  .option("--resume", "go on with the run in --out (default: the newest in runs/)")
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const { backend = "auto", kernels } = options;
    if (kernels) await useBackend(backend === "auto" ? "wasm" : backend, { kernels });
    const opened = await (options.resume ? reopen : open)(options);
    const { run, corpus, folder } = opened;
    await using claimed = folder;
    await using _ = run;
    const { checkpoint } = claimed;
    const last = await follow(opened, checkpoint);
    console.error(`The model is in ${checkpoint}.`);
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
      valCharacters: last.validation?.characters,
      parameters: parameterCount(run.config),
      checkpoint,
      corpus: corpus.name,
      seed: run.settings.seed,
      backend: tf.getBackend(),
      kernels: kernelsInUse().set,
    }));
  });

type Options = ReturnType<typeof command.opts>;

async function open(options: Options): Promise<OpenRun> {
  const { preset = "laptop", seed = 1 } = options;
  const from =
    await (options.from === undefined ? undefined : modelPath(options.from).then(loadCheckpoint));
  const settings: RunSettings = {
    ...PRESETS[preset],
    seed,
    causal: false,
    ...(from && sizeOf(from.config)),
    ...hyperparameters(options),
    workers: options.workers,
  };
  const corpus = await openCorpus(options.corpus);
  const { vocabularySize } = corpus.tokenizer;
  await choose(options, { ...settings, vocabularySize, causal: settings.causal ?? false });
  const run = await startRun(corpus, withBudget(settings, options), from);
  const cost = describeVocabularyCost(corpus, run.config);
  if (cost !== undefined) console.error(cost);
  const folder =
    await (options.out === undefined ? makeRunFolder(preset) : claimRunFolder(options.out));
  if (!await exists(folder.checkpoint)) return { run, corpus, folder };
  throw new RangeError(
    `${folder.checkpoint} holds a run already: add --resume to go on with it, or choose another --out.`,
  );
}

/** The hyperparameters that a run takes from the model it starts from, unless told otherwise. */
const sizeOf = ({ vocabularySize: _, ...size }: TransformerConfig) => size;

/** Puts a backend to use for steps of some size. Workers and kernels are those of wasm. */
async function choose(
  options: Options,
  settings: RunSettings & TransformerConfig,
): Promise<void> {
  const { vocabularySize, layers, width, heads, context, causal, batch, microBatch } = settings;
  const { backend, kernels, workers = settings.workers } = options;
  const config = { vocabularySize, layers, width, heads, context, causal };
  const wish = backend ?? (workers || kernels ? "wasm" : undefined);
  await chooseBackend(wish, { task: "train", config, batch, microBatch, workers });
}

/** The run of a checkpoint, of which only the budget and the number of Workers may change. */
async function reopen(options: Options): Promise<OpenRun> {
  if (options.from !== undefined) {
    throw new RangeError(
      "A run that goes on starts from no other model: leave --from or --resume out.",
    );
  }
  const out = options.out ?? await newestRunFolder();
  const path = checkpointIn(out);
  if (!await exists(path)) await loadCheckpoint(path); // says why not, and makes no folder
  const folder = await claimRunFolder(out);
  const checkpoint = await loadCheckpoint(path);
  const asked = { ...(options.preset && PRESETS[options.preset]), ...options };
  for (const [name, value] of Object.entries(hyperparameters(asked))) {
    const kept = checkpoint.training?.settings[name as keyof RunSettings];
    if (kept === value) continue;
    throw new RangeError(
      `The run in ${path} has ${name} ${kept}, not ${value}: leave the option out to go on with it.`,
    );
  }
  if (checkpoint.training) {
    await choose(options, { ...checkpoint.training.settings, ...checkpoint.config });
  }
  const { set } = kernelsInUse();
  if (checkpoint.kernels !== undefined && checkpoint.kernels !== set) {
    console.error(
      `The run was trained with ${checkpoint.kernels} kernels and goes on with ${set}: ` +
        `its curve may differ in its last digits.`,
    );
  }
  const corpus =
    await (options.corpus === undefined
      ? openLearnedText(checkpoint.corpus)
      : openCorpus(options.corpus));
  return { run: await resumeRun(corpus, checkpoint, options), corpus, folder };
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
 * @throws {Interrupted} on Ctrl-C, once what was learned is saved
 * @throws {Terminated} likewise if the system ends the program, or its terminal is closed
 */
async function follow({ run, corpus }: OpenRun, path: string): Promise<TrainMetrics> {
  const bar = progressBar("{bar} step {step} | {loss} nats | {speed} characters/s | {left}");
  bar.start(1, 0, { step: 0, loss: "–", speed: "–", left: "–" });
  const curve: [number, number][] = [];
  let last: TrainMetrics | undefined;
  let saved = -Infinity; // saves at once, to find out that it can
  let interrupted = false;
  using termination = listenForTermination();
  try {
    const onEvaluation = (share: number) =>
      bar.update({ left: `${(100 * share).toFixed(0)} % evaluated` });
    for await (const metrics of run.train({ onEvaluation })) {
      last = metrics;
      bar.update(metrics.progress, describe(metrics));
      if (metrics.validation) {
        const { bitsPerCharacter, standardError, characters } = metrics.validation;
        curve.push([metrics.step, bitsPerCharacter]);
        console.error(
          `\nstep ${metrics.step}: ${bitsPerCharacter.toFixed(3)} ± ${standardError.toFixed(3)} ` +
            `bits per character on ${characters} of ${corpus.validation.length} characters ` +
            `of validation text`,
        );
      }
      if (termination.requested) break;
      if (Date.now() - saved < SAVE_EVERY) continue;
      await run.save(path);
      saved = Date.now();
    }
  } catch (error) {
    if (!last || !(error instanceof Interrupted)) throw error;
    interrupted = true;
  } finally {
    bar.stop();
  }
  if (!last) {
    throw new RangeError("This run is at its end: give more --steps or --seconds to go on.");
  }
  await run.save(path);
  const reached = `after step ${last.step}, which is saved: go on with ` +
    `deno task train --resume --out ${dirname(path)}` +
    (TEXT_NAMES.includes(corpus.name) ? "" : ` and --corpus, the path of ${corpus.name}`);
  if (termination.requested) throw new Terminated(termination.requested, `Stopped ${reached}.`);
  if (interrupted) throw new Interrupted(reached);
  if (curve.length > 1) console.error(plot(curve, { width: 60, height: 10 }));
  const shift = describeSplitShift(corpus);
  if (shift !== undefined) console.error(shift);
  return last;
}

function describe(metrics: TrainMetrics) {
  const { step, loss, characters, seconds, progress } = metrics;
  return {
    step,
    loss: loss.toFixed(3),
    speed: Math.round(characters / seconds),
    left: `${Math.ceil(seconds / progress - seconds)} s left`,
  };
}

/** The longest sample at the end of a run, which takes as many steps as characters. */
const LONGEST_SAMPLE = 256;

/** A few samples of the run's model, one below the other. */
async function writeSamples(run: Run, corpus: Corpus): Promise<string> {
  if (run.config.causal) return "No samples: a causal model is here to be compared with.";
  using model = await run.model();
  const length = Math.min(model.context, LONGEST_SAMPLE);
  const blank = new Int32Array(length).fill(corpus.tokenizer.maskId);
  using bar = startBar("{bar} {percentage} % written");
  let last: Frame | undefined;
  for await (last of sample(model, copies(blank, 3), { rng: new Rng(1) })) {
    bar.update(1 - last.time);
  }
  return last!.sequences.map((ids) => printable(corpus.tokenizer.decode(ids))).join("\n———\n");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

await runCommand(command);
