import type { Corpus } from "dlm/corpus.ts";
import type { TransformerConfig } from "dlm/model.ts";
import { checkConfig } from "dlm/ops/network_size.ts";
import type { RunSettings } from "dlm/training/presets.ts";

// What a checkpoint says of its model besides the numbers: texts by name, most of them JSON. They may
// come from a stranger or a bad disk, so that nothing is believed before it is looked at.

/** What a checkpoint's metadata say of its model. */
export interface CheckpointMetadata {
  /** The version of the library that trained it. */
  version: string;
  /** The kernels with which it was trained, where that is known: others round otherwise. */
  kernels?: string;
  config: TransformerConfig;
  /** The vocabulary, by id. */
  characters: readonly string[];
  /** The text it learned from: its name, which is never a path, and what tells it from others. */
  corpus: Pick<Corpus, "name" | "sha256">;
  /** How a run that can be gone on with has come so far. */
  training?: RunProgress;
}

/** How far a run has come, and where it goes. */
export interface RunProgress {
  /** The steps and the seconds of training behind it. */
  done: { step: number; seconds: number };
  /** What the run was started with. */
  settings: RunSettings;
}

/** Names this file layout in the metadata; another layout gets another number. */
const FORMAT = "dlm-1";

/** The texts of {@linkcode readCheckpointMetadata}. */
export function writeCheckpointMetadata(metadata: CheckpointMetadata): Record<string, string> {
  const { version, kernels, config, characters, corpus, training } = metadata;
  // A budget without an end is as good as none, and JSON has no infinity.
  const finite = (_: string, value: unknown) => value === Infinity ? undefined : value;
  return {
    format: FORMAT,
    version,
    ...(kernels && { kernels }),
    config: JSON.stringify(config),
    vocabulary: JSON.stringify(characters),
    corpus: JSON.stringify(corpus),
    ...(training && { training: JSON.stringify(training, finite) }),
  };
}

/**
 * What the texts of a checkpoint say, each of them checked.
 *
 * @throws {RangeError} if one is missing or wrong; the message goes on after the file's name and a
 * colon
 */
export function readCheckpointMetadata(texts: Record<string, string>): CheckpointMetadata {
  const { format = "not named", version, kernels, training } = texts;
  check(format === FORMAT, `its format is ${format}, and this library reads ${FORMAT}`);
  check(version !== undefined, "its metadata do not give the version");
  for (const text of [version, kernels]) {
    check(!/\p{Cc}/u.test(text ?? ""), "its version or its kernels have control characters");
  }
  const config = readConfig(parse(texts, "config"));
  return {
    version,
    ...(kernels && { kernels }),
    config,
    characters: readVocabulary(parse(texts, "vocabulary"), config),
    corpus: readCorpus(parse(texts, "corpus")),
    ...(training && { training: readProgress(parse(texts, "training")) }),
  };
}

function readConfig(value: unknown): TransformerConfig {
  check(isObject(value), "its config is no object");
  const { vocabularySize, layers, width, heads, context, causal } = value;
  check(typeof causal === "boolean", "its config does not say whether the model is causal");
  const config = { vocabularySize, layers, width, heads, context, causal } as TransformerConfig;
  checkConfig(config);
  return config;
}

function readVocabulary(value: unknown, { vocabularySize }: TransformerConfig): string[] {
  const isCharacter = (x: unknown) =>
    typeof x === "string" && [...x].length === 1 && x.isWellFormed();
  check(
    Array.isArray(value) && value.every(isCharacter),
    "its vocabulary is not a list of single characters",
  );
  check(new Set(value).size === value.length, "its vocabulary has a character twice");
  check(
    value.length === vocabularySize,
    `its vocabulary has ${value.length} characters, but its model ${vocabularySize}`,
  );
  return value;
}

/** Earlier versions kept the path that was given: where a text lies is nobody's business. */
function readCorpus(value: unknown): CheckpointMetadata["corpus"] {
  check(
    isObject(value) && typeof value.name === "string" && typeof value.sha256 === "string",
    "it does not give the name and the SHA-256 of the text that it learned from",
  );
  const name = value.name.split(/[/\\]/).at(-1)!.replaceAll(/\p{Cc}/gu, "\ufffd");
  return { name, sha256: value.sha256 };
}

/** The settings that are numbers, … */
const NUMBERS = [
  "layers",
  "width",
  "heads",
  "context",
  "batch",
  "microBatch",
  "learningRate",
  "matrixLearningRate",
  "warmupSteps",
  "evaluateEvery",
  "evaluationWindows",
  "seed",
] as const satisfies (keyof RunSettings)[];

/** … and those that may be left out. */
const OPTIONAL_NUMBERS = ["steps", "seconds", "workers"] as const satisfies (keyof RunSettings)[];

function readProgress(value: unknown): RunProgress {
  check(isObject(value) && isObject(value.done), "it does not say how far its training has come");
  const { done: { step, seconds }, settings } = value;
  check(Number.isSafeInteger(step) && step as number >= 0, "its step is not a whole number");
  check(isNumber(seconds) && seconds >= 0, "its seconds of training are no number");
  check(isObject(settings), "it does not give the settings of its training");
  for (const name of NUMBERS) {
    check(isNumber(settings[name]), `its setting ${name} is no number`);
  }
  for (const name of OPTIONAL_NUMBERS) {
    const setting = settings[name];
    check(setting === undefined || isNumber(setting), `its setting ${name} is no number`);
  }
  for (const name of ["causal", "muon"]) {
    const setting = settings[name] ?? true;
    check(typeof setting === "boolean", `its setting ${name} is neither true nor false`);
  }
  return { done: { step: step as number, seconds }, settings: settings as unknown as RunSettings };
}

function parse(texts: Record<string, string>, name: string): unknown {
  const text = texts[name];
  check(text !== undefined, `its metadata do not give the ${name}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`its ${name} is not JSON.`, { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function check(condition: boolean, wrong: string): asserts condition {
  if (!condition) throw new RangeError(`${wrong}.`);
}
