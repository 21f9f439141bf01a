import type { NamedArrays } from "dlm/backend/variables.ts";
import type { Corpus } from "dlm/corpus.ts";
import type { LearnerState } from "dlm/crew/learner.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "dlm/files/safetensors.ts";
import { parameterShapes, type TransformerConfig } from "dlm/model.ts";
import { usesMuon } from "dlm/optimizer/optimizer.ts";
import type { RunSettings } from "dlm/training/presets.ts";

// A checkpoint as bytes and back. Nothing here touches a disk, so a browser can run it.

/** A model as it is kept in a file. */
export interface Checkpoint {
  /** The version of the library that trained it. */
  version: string;
  /** The kernels with which it was trained, where that is known: others round otherwise. */
  kernels?: string;
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

/** What a checkpoint's file says of its model before the numbers begin. */
export type Description = Pick<Checkpoint, "config" | "corpus">;

/** The rest of a run's state. */
export interface TrainingRecord extends Omit<LearnerState, "average"> {
  /** The steps and the seconds of training behind it. */
  done: { step: number; seconds: number };
  /** What the run was started with. */
  settings: RunSettings;
}

/** Names this file layout in the metadata; another layout gets another number. */
const FORMAT = "dlm-1";

/** The parts that only training needs; their tensors are called `training.PART.NAME`. */
const TRAINING_PARTS = ["parameters", "mean", "meanSquare"] as const;

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
  const { version, kernels, config, characters, corpus, average, training } = checkpoint;
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
    ...(kernels && { kernels }),
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
 * What the metadata of a checkpoint say of its model.
 *
 * @throws {Error} if they are of something else
 */
export function decodeDescription(metadata: Record<string, string>): Description {
  const { format, config = "", corpus = "" } = metadata;
  if (format !== FORMAT) throw new RangeError(`its format is not ${FORMAT}.`);
  return { config: JSON.parse(config), corpus: JSON.parse(corpus) };
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
          throw new RangeError(`its tensor ${prefix + name} is missing or not [${shape}].`);
        }
        return [name, Float32Array.from(stored.data)];
      }),
    );
  const checkpoint: Checkpoint = {
    version: text("version"),
    ...(metadata.kernels && { kernels: metadata.kernels }),
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
