import type { NamedArrays } from "dlm/backend/variables.ts";
import type { LearnerState } from "dlm/crew/learner.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "dlm/files/safetensors.ts";
import { parameterShapes } from "dlm/model.ts";
import { usesMuon } from "dlm/optimizer/optimizer.ts";
import {
  type CheckpointMetadata,
  readCheckpointMetadata,
  type RunProgress,
  writeCheckpointMetadata,
} from "dlm/training/checkpoint_metadata.ts";

// A checkpoint as bytes and back. Nothing here touches a disk, so a browser can run it.

/** A model as it is kept in a file. */
export interface Checkpoint extends Omit<CheckpointMetadata, "training"> {
  /** The parameters to use: the running mean of the trained ones. */
  average: NamedArrays;
  /** What it takes to train on; a model that is only to be used goes without. */
  training?: TrainingRecord;
}

/** The rest of a run's state. */
export interface TrainingRecord extends RunProgress, Omit<LearnerState, "average"> {}

/** The parts that only training needs; their tensors are called `training.PART.NAME`. */
const TRAINING_PARTS = ["parameters", "mean", "meanSquare"] as const;

/** Options for {@linkcode encodeCheckpoint}. */
export interface EncodeOptions {
  /** Whether the model is kept in 16-bit numbers, in half the room.
   * @default {false}
   */
  half?: boolean | undefined;
  /** What to keep of that name, as the first of the metadata.
   * @default {nothing}
   */
  checksum?: string | undefined;
}

/**
 * The bytes of a checkpoint's file, which is a safetensors file: the model's tensors under
 * the names of its parameters, everything else in the metadata as JSON.
 *
 * @throws {RangeError} if a number is not finite, so that the model would be of no use
 */
export function encodeCheckpoint(
  checkpoint: Checkpoint,
  { half = false, checksum }: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const { average, training, ...model } = checkpoint;
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, shape] of Object.entries(parameterShapes(model.config))) {
    const data = average[name]!;
    tensors[name] = { shape, data: half ? Float16Array.from(data) : data };
    for (const part of training ? TRAINING_PARTS : []) {
      const data = training![part][name];
      if (data) tensors[`training.${part}.${name}`] = { shape, data };
    }
  }
  for (const [name, { data }] of Object.entries(tensors)) {
    if (data.every(Number.isFinite)) continue;
    const [bits, advice] = data instanceof Float16Array
      ? [16, "write them in 32 bits"]
      : [32, "start again with lower learning rates"];
    throw new RangeError(
      `The numbers of ${name} are more than ${bits} bits can hold, so nothing is written: ${advice}.`,
    );
  }
  const { done, settings } = training ?? {};
  const texts = writeCheckpointMetadata({
    ...model,
    ...(done && settings && { training: { done, settings } }),
  });
  return encodeSafetensors(tensors, { ...(checksum && { checksum }), ...texts });
}

/**
 * The checkpoint in a file's bytes.
 *
 * @throws {Error} if it is none; the message goes on after the file's name and a colon
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata: texts } = decodeSafetensors(bytes);
  const { training, ...model } = readCheckpointMetadata(texts);
  const { config: { layers } } = model;
  if (layers > Object.keys(tensors).length) { // a lie that would cost hours to find otherwise
    throw new RangeError(`its model has ${layers} layers, but not the tensors for them.`);
  }
  const shapes = Object.entries(parameterShapes(model.config));
  const part = (prefix: string, wanted = shapes): NamedArrays =>
    Object.fromEntries(
      wanted.map(([name, shape]) => [name, numbersOf(tensors, prefix + name, shape)]),
    );
  const checkpoint = { ...model, average: part("") };
  if (!training) return checkpoint;
  return {
    ...checkpoint,
    training: {
      ...training,
      parameters: part("training.parameters."),
      mean: part("training.mean."),
      meanSquare: part(
        "training.meanSquare.",
        shapes.filter(([name]) => !usesMuon(name, training.settings)),
      ),
    },
  };
}

/** The numbers of a tensor, all of them finite. */
function numbersOf(
  tensors: Record<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const stored = tensors[name];
  if (stored?.shape.join() !== shape.join()) {
    throw new RangeError(`its tensor ${name} is missing or not [${shape}].`);
  }
  const numbers = Float32Array.from(stored.data);
  if (numbers.every(Number.isFinite)) return numbers;
  throw new RangeError(
    `its tensor ${name} has a number that is not finite: its training went wrong, or it is damaged.`,
  );
}
