import { join, parse } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { removeLeftovers, writeFileAtomic } from "dlm/files/atomic.ts";
import { type NamedArrays, readAll } from "dlm/backend/variables.ts";
import type { Corpus } from "dlm/corpus.ts";
import type { LearnerState } from "dlm/crew/learner.ts";
import { parameterShapes, Transformer, type TransformerConfig } from "dlm/model.ts";
import { usesMuon } from "dlm/optimizer/optimizer.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "dlm/files/safetensors.ts";
import type { RunSettings } from "dlm/training/presets.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** A model as it is kept in a file. */
export interface Checkpoint {
  /** The {@linkcode VERSION} of the library that trained it. */
  version: string;
  config: TransformerConfig;
  /** The vocabulary, by id. */
  characters: readonly string[];
  /** The text it learned from: its name, and what tells it from others of that name. */
  corpus: Pick<Corpus, "name" | "sha256">;
  /** The parameters to use: the running mean of the trained ones. */
  average: NamedArrays;
  /** What it takes to train on; a model that is only to be used goes without. */
  training?: TrainingRecord;
}

/** The rest of a run's state. */
export interface TrainingRecord extends Omit<LearnerState, "average"> {
  /** The steps and the seconds of training behind it. */
  done: { step: number; seconds: number };
  /** What the run was started with. */
  settings: RunSettings;
}

/** The version of this library: under another, the same run may take other steps. */
export const VERSION = deno.version;

/** Names this file layout in the metadata; another layout gets another number. */
const FORMAT = "dlm-1";

/** The parts that only training needs; their tensors are called `training.PART.NAME`. */
const TRAINING_PARTS = ["parameters", "mean", "meanSquare"] as const;

/** A finished model in memory as a checkpoint, to be written in one format or another. */
export async function toCheckpoint(
  { model, corpus }: { model: Transformer; corpus: Corpus },
): Promise<Checkpoint> {
  const { name, sha256, tokenizer: { characters } } = corpus;
  const average = await readAll(model.parameters);
  return { version: VERSION, config: model.config, characters, corpus: { name, sha256 }, average };
}

/** Options for {@linkcode encodeCheckpoint}. */
export interface EncodeOptions {
  /** Whether the model is kept in 16-bit numbers, in half the room.
   * @default {false}
   */
  half?: boolean | undefined;
}

/**
 * The bytes of a checkpoint's file, which is a safetensors file: the model's tensors under
 * the names of its parameters, everything else in the metadata as JSON.
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  { half = false }: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const { version, config, characters, corpus, average, training } = checkpoint;
  const shapes = parameterShapes(config);
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const data = average[name]!;
    tensors[name] = { shape, data: half ? Float16Array.from(data) : data };
    for (const part of training ? TRAINING_PARTS : []) {
      const data = training![part][name];
      if (data) tensors[`training.${part}.${name}`] = { shape, data };
    }
  }
  const metadata: Record<string, string> = {
    format: FORMAT,
    version,
    config: JSON.stringify(config),
    vocabulary: JSON.stringify(characters),
    corpus: JSON.stringify(corpus),
  };
  if (training) {
    const { done, settings } = training;
    metadata.training = JSON.stringify({ done, settings });
  }
  return encodeSafetensors(tensors, metadata);
}

/**
 * Writes a checkpoint's file, and keeps the one it replaces as `NAME.previous.safetensors`.
 * Whenever the process is killed, both files are whole.
 *
 * @throws {WriteError} if it cannot be written; the file is then as it was before
 */
export async function saveCheckpoint(
  path: string,
  checkpoint: Checkpoint,
): Promise<void> {
  await removeLeftovers(path);
  await writeFileAtomic(path, encodeCheckpoint(checkpoint), { previous: previousPath(path) });
}

/** Where the checkpoint before this one is kept. */
function previousPath(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.previous${ext}`);
}

/**
 * Reads a checkpoint.
 *
 * @throws {RangeError} if there is no such file, or it is not a checkpoint of this library
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readBytes(path);
  try {
    return decodeCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const previous = previousPath(path);
    const there = await Deno.stat(previous).then(() => true, () => false);
    const advice = there ? ` The one before it is ${previous}.` : "";
    throw new RangeError(`${path} is not a readable checkpoint: ${error.message}${advice}`, {
      cause: error,
    });
  }
}

/** A model from a file, with the tokenizer that belongs to it. */
export interface LoadedModel extends Disposable {
  model: Transformer;
  tokenizer: CharTokenizer;
  /** The name of the corpus it learned from. */
  corpus: string;
}

/**
 * Loads a model to sample from or to evaluate: the averaged parameters of a checkpoint.
 *
 * @param path a safetensors file written by this library
 * @throws {RangeError} if there is no such file, or it is not a checkpoint
 */
export async function loadModel(path: string): Promise<LoadedModel> {
  const { config, characters, corpus, average } = await loadCheckpoint(path);
  const model = new Transformer(config, average);
  return {
    model,
    tokenizer: new CharTokenizer(characters),
    corpus: corpus.name,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}

/**
 * The checkpoint in a file's bytes.
 *
 * @throws {Error} if it is none; the message goes on after the file's name and a colon
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw new RangeError(
      `its format is ${metadata.format ?? "not named"}, and this library reads ${FORMAT}.`,
    );
  }
  const text = (name: string): string => {
    if (name in metadata) return metadata[name]!;
    throw new RangeError(`its metadata do not give the ${name}.`);
  };
  const config: TransformerConfig = JSON.parse(text("config"));
  const characters: string[] = JSON.parse(text("vocabulary"));
  if (characters.length !== config.vocabularySize) {
    throw new RangeError(
      `its vocabulary has ${characters.length} characters, but its model ${config.vocabularySize}.`,
    );
  }
  if (config.layers > Object.keys(tensors).length) { // a lie that would cost hours to find otherwise
    throw new RangeError(`its model has ${config.layers} layers, but not the tensors for them.`);
  }
  const shapes = Object.entries(parameterShapes(config));
  const part = (prefix: string, wanted = shapes): NamedArrays =>
    Object.fromEntries(
      wanted.map(([name, shape]) => {
        const stored = tensors[prefix + name];
        if (stored?.shape.join() !== shape.join()) {
          throw new RangeError(
            `its tensor ${prefix + name} is missing or not [${shape}].`,
          );
        }
        return [name, Float32Array.from(stored.data)];
      }),
    );
  const checkpoint: Checkpoint = {
    version: text("version"),
    config,
    characters,
    corpus: JSON.parse(text("corpus")),
    average: part(""),
  };
  if (!metadata.training) return checkpoint;
  return {
    ...checkpoint,
    training: {
      ...JSON.parse(metadata.training),
      parameters: part("training.parameters."),
      mean: part("training.mean."),
      meanSquare: part("training.meanSquare.", shapes.filter(([name]) => !usesMuon(name))),
    },
  };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.IsADirectory) {
      throw new RangeError(
        `${path} is a folder: give the path of a checkpoint in it.`,
      );
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RangeError(
      `There is no checkpoint ${path}: train one with deno task train.`,
    );
  }
}
