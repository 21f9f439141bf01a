import { join, parse } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { MAX_HEADER_BYTES } from "dlm/files/safetensors.ts";
import { readMetadata } from "dlm/files/safetensors_header.ts";
import { readGivenFile } from "dlm/files/reading.ts";
import { readAll } from "dlm/backend/variables.ts";
import type { Corpus } from "dlm/corpus.ts";
import { Transformer } from "dlm/model.ts";
import type { Checkpoint } from "dlm/training/checkpoint_format.ts";
import {
  type CheckpointMetadata,
  readCheckpointMetadata,
} from "dlm/training/checkpoint_metadata.ts";
import { openCheckpoint, sealCheckpoint } from "dlm/training/sealed_checkpoint.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** The version of this library: under another, the same run may take other steps. */
export const VERSION = deno.version;

/** A finished model in memory as a checkpoint, to be written in one format or another. */
export async function toCheckpoint(
  { model, corpus }: { model: Transformer; corpus: Corpus },
): Promise<Checkpoint> {
  const { name, sha256, tokenizer: { characters } } = corpus;
  const average = await readAll(model.parameters);
  return { version: VERSION, config: model.config, characters, corpus: { name, sha256 }, average };
}

/**
 * Writes a checkpoint's file, and keeps the one it replaces as `NAME.previous.safetensors`.
 * Whenever the process is killed, both files are whole.
 *
 * @throws {WriteError} if it cannot be written; the file is then as it was before
 * @throws {RangeError} if a number of it is not finite; the file is then as it was, too
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(path, await sealCheckpoint(checkpoint), { previous: previousPath(path) });
}

/** Where the checkpoint before this one is kept. */
function previousPath(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.previous${ext}`);
}

/** What the path of a checkpoint should lead to. */
const CHECKPOINT = { what: "a checkpoint", missing: "train one with deno task train" };

/**
 * Reads a checkpoint.
 *
 * @throws {RangeError} if the file cannot be read, or is not a checkpoint of this library
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readGivenFile(path, CHECKPOINT);
  try {
    return await openCheckpoint(bytes);
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

/**
 * What a checkpoint says of its model, without reading any of its numbers.
 *
 * @throws {RangeError} if the file is not a checkpoint of this library
 */
export async function describeCheckpoint(path: string): Promise<CheckpointMetadata> {
  const beginning = await readGivenFile(path, { ...CHECKPOINT, first: 8 + MAX_HEADER_BYTES });
  try {
    return readCheckpointMetadata(readMetadata(beginning));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RangeError(`${path} is not a readable checkpoint: ${error.message}`, {
      cause: error,
    });
  }
}

/** A model from a file, with the tokenizer that belongs to it. */
export interface LoadedModel extends Disposable {
  model: Transformer;
  tokenizer: CharTokenizer;
  /** The text that it learned from. */
  corpus: Checkpoint["corpus"];
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
    corpus,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}
