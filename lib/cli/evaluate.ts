import { anyWholeNumber, path, runCommand, wholeNumber } from "dlm/cli/_command.ts";
import { Command, Option } from "commander";
import { baselines } from "dlm/measures/baselines.ts";
import {
  backendOption,
  isSameText,
  MODEL_OPTION,
  openCorpus,
  openLearnedText,
  openModel,
} from "dlm/cli/_inputs.ts";
import type { Corpus } from "dlm/corpus.ts";
import { startBar } from "dlm/cli/_progress.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import { mostAtOnce } from "dlm/crew/predictor.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";
import { chooseBackend } from "dlm/training/backend_choice.ts";
import { evaluate } from "dlm/evaluation.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

const command = new Command("evaluate")
  .description("Measures how many bits a model needs for a character.")
  .option("--model <name|file>", MODEL_OPTION, path)
  .option(
    "--corpus <name|file>",
    `the text to measure: ${TEXT_NAMES.join(", ")}, or a file ` +
      "(default: what the model learned from; with --baselines, the chosen text)",
    path,
  )
  .addOption(
    new Option("--split <name>", "which part of it").choices(["train", "validation"] as const)
      .default("validation" as const),
  )
  .option(
    "--draws <N>",
    "how many times to measure each window, each time with other masks",
    wholeNumber(1),
    1,
  )
  .option(
    "--past <N>",
    "how many characters before each window the model may read besides",
    wholeNumber(0),
    0,
  )
  .option("--seed <N>", "which masks", anyWholeNumber, 0)
  .addOption(backendOption)
  .addOption(
    new Option("--baselines", "measure what a model has to beat, not a model")
      .conflicts(["model", "split", "draws", "past", "seed", "backend"]),
  )
  .option("--json", "print the result as one line of JSON")
  .action((options) => options.baselines ? measureBaselines(options) : measureModel(options));

type Options = ReturnType<typeof command.opts>;

async function measureModel(options: Options): Promise<void> {
  const { draws, past, seed } = options;
  using opened = await openModel(options.model);
  const corpus =
    await (options.corpus === undefined
      ? openLearnedText(opened.corpus)
      : openCorpus(options.corpus));
  const sameText = isSameText(corpus, opened.corpus);
  if (!sameText) {
    console.error(
      `${corpus.name} is not the text that the model learned from, which was called ` +
        `${opened.corpus.name}: what it learned may also stand in the part that is measured.`,
    );
  }
  const split = respelled(opened.tokenizer, corpus, options.split);
  const batch = mostAtOnce(opened.model.context) * navigator.hardwareConcurrency;
  await chooseBackend(options.backend, { task: "predict", config: opened.model.config, batch });
  using predictor = predictInWorkers(opened.model);
  const result = await showMeasuring((onProgress) =>
    evaluate(predictor, split, { draws, past, seed, onProgress })
  );
  if (!options.json) {
    const error = opened.model.causal ? "" : ` ± ${result.standardError.toFixed(3)}`;
    return console.log(
      `${result.bitsPerCharacter.toFixed(3)}${error} bits per character ` +
        `(${result.natsPerCharacter.toFixed(3)} nats) on the ${options.split} part of ` +
        `${corpus.name}, ${result.characters} characters: ` +
        (opened.model.causal ? "exactly, by a causal model" : "an upper bound"),
    );
  }
  console.log(JSON.stringify({
    natsPerChar: result.natsPerCharacter,
    bitsPerChar: result.bitsPerCharacter,
    standardError: result.standardError,
    characters: result.characters,
    causal: opened.model.causal,
    corpus: corpus.name,
    learnedFrom: opened.corpus,
    sameText,
    split: options.split,
    draws,
    past,
    seed,
  }));
}

/** A split in the ids of a model's own vocabulary, which the text may not exceed. */
function respelled(tokenizer: CharTokenizer, corpus: Corpus, split: Options["split"]): Int32Array {
  const { tokenizer: own, train } = corpus;
  const after = split === "train" ? "" : own.decode(train);
  return tokenizer.encode(own.decode(corpus[split]), { after });
}

async function measureBaselines(options: Options): Promise<void> {
  const corpus = await openCorpus(options.corpus);
  const bits = await showMeasuring((onProgress) => baselines(corpus, { onProgress }));
  if (options.json) {
    return console.log(JSON.stringify({ corpus: corpus.name, bitsPerChar: bits }));
  }
  console.log(`Bits per character on the validation part of ${corpus.name}:`);
  for (const [name, value] of Object.entries(bits)) {
    console.log(`${name.padEnd(8)} ${value.toFixed(3)}`);
  }
}

/** Shows a bar while something is measured. */
async function showMeasuring<Result>(
  measure: (onProgress: (share: number) => void) => Promise<Result>,
): Promise<Result> {
  using bar = startBar("{bar} {percentage} % measured");
  return await measure((share) => bar.update(share));
}

await runCommand(command);
