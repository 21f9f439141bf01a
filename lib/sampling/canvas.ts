import type { Denoiser } from "dlm/model.ts";
import type { Rng } from "dlm/rng.ts";
import { drawingWeights, type DrawOptions } from "dlm/sampling/draw.ts";
import type { LogitsReader } from "dlm/sampling/logits.ts";

/**
 * A way from masks to text. It looks at a canvas, asks what the model expects in some
 * places, writes in some of them, and yields the time after each step, from 1 down to 0.
 */
export type Sampler = (canvas: Canvas) => AsyncGenerator<number>;

/** What the model expects behind a mask. */
export interface Guess {
  /** Where, counted through all sequences (`b·T + i`). */
  readonly place: number;
  /** A character, drawn from what the model expects. */
  readonly character: number;
  /** How probable the model holds this character, whatever the temperature it was drawn with. */
  readonly confidence: number;
  /** How probable the model holds the likeliest character. */
  readonly certainty: number;
}

/**
 * Sequences on their way from masks to text, as a sampler sees them: it can write where
 * there is a mask and erase what was written, but what was given never changes. Places
 * come by sequence, `[B]` lists.
 */
export interface Canvas {
  /** The number of places of each sequence. */
  readonly length: number;
  readonly rng: Rng;
  /** The places where there is a mask. */
  masks(): number[][];
  /** The places where a character was written. */
  written(): number[][];
  /**
   * What the model expects in some places, as the text now stands: one evaluation, for the
   * sequences that have such a place.
   */
  guess(places: number[][]): Promise<Guess[][]>;
  /** Writes the characters of some guesses. */
  write(guesses: Guess[]): void;
  /** Puts masks back where characters were written. */
  erase(places: number[]): void;
  /** The part from one place to another in each sequence: its masks alone can be written on. */
  part(from: number, to: number): Canvas;
}

/** Sequences being denoised, and what has become of them so far. */
export interface Drawing {
  readonly denoiser: Denoiser;
  /** Where its logits come from. */
  readonly read: LogitsReader;
  readonly rng: Rng;
  /** How characters are drawn. */
  readonly options: DrawOptions;
  /** `T`, the length of each sequence. */
  readonly length: number;
  /** The sequences one after the other, `[B·T]`. */
  readonly tokens: Int32Array;
  /** The confidence in each character written, `[B·T]`; NaN elsewhere. */
  readonly confidences: Float64Array;
  /** How often the model was evaluated. */
  evaluations: number;
}

/** A drawing as a canvas, from one place to another in each sequence. */
export function canvasOf(state: Drawing, from: number = 0, to: number = state.length): Canvas {
  const { denoiser, tokens, confidences, length, rng } = state;
  const maskId = denoiser.vocabularySize;
  const places = (test: (place: number) => boolean) => {
    const lists: number[][] = [];
    for (let start = 0; start < tokens.length; start += length) {
      const list: number[] = [];
      for (let i = start + from; i < start + to; i++) if (test(i)) list.push(i);
      lists.push(list);
    }
    return lists;
  };
  return {
    length: to - from,
    rng,
    masks: () => places((place) => tokens[place] === maskId),
    written: () => places((place) => !isNaN(confidences[place]!)),
    async guess(places) {
      if (places.every((list) => list.length === 0)) return places.map(() => []);
      state.evaluations++;
      const rows = await logits(state, places, [from, to]);
      let n = 0;
      return places.map((list) => list.map((place) => guess(state, place, rows[n++]!)));
    },
    write(guesses) {
      for (const { place, character, confidence } of guesses) {
        tokens[place] = character;
        confidences[place] = confidence;
      }
    },
    erase(places) {
      for (const place of places) {
        tokens[place] = maskId;
        confidences[place] = NaN;
      }
    },
    part: (first, last) => canvasOf(state, from + first, from + last),
  };
}

/** A character drawn in doubles from the logits of one place, `[V]`. */
function guess({ options, rng }: Drawing, place: number, logits: Float32Array): Guess {
  const character = rng.categorical(drawingWeights(logits, options));
  const weights = drawingWeights(logits, {}); // 1 for the likeliest
  const certainty = 1 / weights.reduce((sum, weight) => sum + weight, 0);
  return { place, character, confidence: weights[character]! * certainty, certainty };
}

/** The logits of some places, a row of `[V]` each. */
async function logits(
  { denoiser, read, tokens, length }: Drawing,
  places: number[][],
  part: readonly [from: number, to: number],
): Promise<Float32Array[]> {
  const width = Math.min(length, denoiser.context);
  const sequences: Int32Array[] = [];
  const placesThere: number[][] = [];
  places.forEach((list, b) => {
    if (list.length === 0) return;
    const sequence = tokens.subarray(b * length, (b + 1) * length);
    const start = windowStart(denoiser, sequence, part);
    sequences.push(sequence.slice(start, start + width));
    placesThere.push(list.map((place) => place - b * length - start));
  });
  const values = await read({ sequences, places: placesThere });
  const size = denoiser.vocabularySize;
  return places.flat().map((_, n) => values.subarray(n * size, (n + 1) * size));
}

/**
 * Where the model's window begins in a text longer than its context. Masks after the part
 * tell nothing, so the window ends with the part, unless text is given within reach after
 * it: then up to half of the room that the part leaves goes to what follows.
 */
function windowStart(
  { context, vocabularySize: maskId }: Denoiser,
  sequence: Int32Array,
  [from, to]: readonly [number, number],
): number {
  if (sequence.length <= context) return 0;
  const room = context - (to - from);
  if (room < 0) {
    throw new RangeError(
      `Cannot sample ${to - from} characters: this model writes 1 to ${context} at a time; ` +
        `write longer texts in blocks.`,
    );
  }
  const within = sequence.subarray(to, to + Math.floor(room / 2));
  const end = to + within.findLastIndex((id) => id !== maskId) + 1;
  return Math.min(Math.max(end - context, 0), sequence.length - context);
}
