import { type Batch, join } from "dlm/batch.ts";
import type { Predictor } from "dlm/crew/predictor.ts";
import type { Rng } from "dlm/rng.ts";
import { drawingWeights, type DrawOptions } from "dlm/sampling/draw.ts";

/**
 * A way from masks to text. It looks at a canvas, asks what the model expects in some
 * places, writes in some of them, and yields the time after each step, from 1 down to 0, or to that
 * at which the last mask went.
 */
export type Sampler = (canvas: Canvas) => AsyncGenerator<number>;

/** What the model expects behind a mask. */
export interface Guess {
  /** Where. */
  readonly place: number;
  /** In which sequence, counted from 0. */
  readonly sequence: number;
  /** A character, drawn from what the model expects. */
  readonly character: number;
  /** How probable the model holds this character, whatever the temperature it was drawn with. */
  readonly confidence: number;
  /** How probable the model holds the likeliest character. */
  readonly certainty: number;
}

/** Guesses by the sequence they are in, those without any left out. */
export function bySequence(guesses: readonly Guess[]): Guess[][] {
  return [...Map.groupBy(guesses, ({ sequence }) => sequence).values()];
}

/**
 * Sequences on their way from masks to text, as a sampler sees them: it can write where
 * there is a mask and erase what was written, but what was given never changes. Places
 * are counted through all sequences (`b·T + i`).
 */
export interface Canvas {
  /** The number of places of each sequence. */
  readonly length: number;
  readonly rng: Rng;
  /** The places where there is a mask, a list for each sequence. */
  masks(): number[][];
  /** The places where a character was written. */
  written(): number[];
  /**
   * What the model expects in some places, as the text now stands: one evaluation, for the
   * sequences that have such a place.
   *
   * @param places those of one sequence after those of another
   * @throws {RangeError} if there is no mask in one of them
   */
  guess(places: readonly number[]): Promise<Guess[]>;
  /**
   * Writes the characters of some guesses.
   *
   * @throws {RangeError} if there is no mask in one of their places
   */
  write(guesses: readonly Guess[]): void;
  /**
   * Puts masks back where characters were written.
   *
   * @throws {RangeError} if nothing was written in one of the places
   */
  erase(places: readonly number[]): void;
  /** The part from one place to another in each sequence: its masks alone can be written on. */
  part(from: number, to: number): Canvas;
}

/** Sequences being denoised, and what has become of them so far. */
export interface Sheet {
  /** Who says what is expected behind a mask. */
  readonly predictor: Predictor;
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

/** A sheet as a canvas, from one place to another in each sequence. */
export function canvasOf(sheet: Sheet, from: number = 0, to: number = sheet.length): Canvas {
  const { predictor, tokens, confidences, length, rng } = sheet;
  const maskId = predictor.vocabularySize;
  const places = (test: (place: number) => boolean) => {
    const lists: number[][] = [];
    for (let start = 0; start < tokens.length; start += length) {
      const list: number[] = [];
      for (let i = start + from; i < start + to; i++) if (test(i)) list.push(i);
      lists.push(list);
    }
    return lists;
  };
  const checkMasked = (place: number) => {
    if (tokens[place] === maskId) return;
    throw new RangeError(
      `There is no mask at the place ${place}: guess and write at places that masks() lists.`,
    );
  };
  return {
    length: to - from,
    rng,
    masks: () => places((place) => tokens[place] === maskId),
    written: () => places((place) => !isNaN(confidences[place]!)).flat(),
    async guess(places) {
      if (places.length === 0) return [];
      places.forEach(checkMasked);
      sheet.evaluations++;
      const logits = await predictor.logits(windowsAround(sheet, places, [from, to])); // [N, V]
      return places.map((place, n) =>
        guess(sheet, place, logits.subarray(n * maskId, (n + 1) * maskId))
      );
    },
    write(guesses) {
      for (const { place, character, confidence } of guesses) {
        checkMasked(place);
        tokens[place] = character;
        confidences[place] = confidence;
      }
    },
    erase(places) {
      for (const place of places) {
        if (Number.isNaN(confidences[place] ?? NaN)) {
          throw new RangeError(
            `Nothing was written at the place ${place}: erase at places that written() lists.`,
          );
        }
        tokens[place] = maskId;
        confidences[place] = NaN;
      }
    },
    part: (first, last) => canvasOf(sheet, from + first, from + last),
  };
}

/** A character drawn in doubles from the logits of one place, `[V]`. */
function guess({ options, rng, length }: Sheet, place: number, logits: Float32Array): Guess {
  const character = rng.categorical(drawingWeights(logits, options));
  const weights = drawingWeights(logits, {}); // 1 for the likeliest
  const certainty = 1 / weights.reduce((sum, weight) => sum + weight, 0);
  const confidence = weights[character]! * certainty;
  return { place, sequence: Math.floor(place / length), character, confidence, certainty };
}

/** What the model reads of the sequences that some places are in, and the places in it. */
function windowsAround(
  { predictor, tokens, length }: Sheet,
  places: readonly number[],
  part: readonly [from: number, to: number],
): Batch {
  const width = Math.min(length, predictor.context);
  const windows: Int32Array[] = [];
  let [read, start] = [-1, 0]; // the sequence of the last window, and where in it that starts
  const rows = places.map((place) => {
    const sequence = Math.floor(place / length);
    if (sequence !== read) {
      const ids = tokens.subarray(sequence * length, (sequence + 1) * length);
      [read, start] = [sequence, windowStart(predictor, ids, part)];
      windows.push(ids.subarray(start, start + width));
    }
    return (windows.length - 1) * width + place - sequence * length - start;
  });
  return {
    tokens: join(Int32Array, windows),
    lengths: new Int32Array(windows.length).fill(width),
    rows: Int32Array.from(rows),
  };
}

/**
 * Where the model's window begins in a text longer than its context. Masks after the part
 * tell nothing, so the window ends with the part, unless text is given within reach after
 * it: then up to half of the room that the part leaves goes to what follows.
 */
function windowStart(
  { context, vocabularySize: maskId }: Predictor,
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
