import { tf } from "dlm/backend/backend.ts";
import type { Denoiser } from "dlm/model.ts";

/** What a sampler wants to know of a model. */
export interface Question {
  /** `[B]` sequences of one length `T`, with masks. */
  readonly sequences: readonly Int32Array[];
  /** The places of interest in each of them. */
  readonly places: readonly (readonly number[])[];
}

/** Answers a question by the logits of all its places, in order: `[N, V]`. */
export type LogitsReader = (question: Question) => Promise<Float32Array>;

/** The answer of a denoiser in this thread: one call of the model, one reading. */
export async function readLogits(
  denoiser: Denoiser,
  { sequences, places }: Question,
): Promise<Float32Array> {
  const { length } = sequences[0]!;
  const tokens = new Int32Array(sequences.length * length);
  sequences.forEach((sequence, b) => tokens.set(sequence, b * length));
  const rows = places.flatMap((list, b) => list.map((place) => b * length + place));
  const logits = tf.tidy(() =>
    denoiser.logits(
      tf.tensor2d(tokens, [sequences.length, length], "int32"), // [B, T]
      tf.tensor1d(rows, "int32"), // [N]
    )
  ); // [N, V]
  const numbers = await logits.data() as Float32Array;
  logits.dispose();
  return numbers;
}
