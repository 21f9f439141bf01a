import { type Interrupt, listenForInterrupt } from "dlm/backend/interrupt.ts";
import { join } from "dlm/batch.ts";
import { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import type { Rng } from "dlm/rng.ts";
import { ancestral, type SteppedOptions } from "dlm/sampling/ancestral.ts";
import { canvasOf, type Sampler, type Sheet } from "dlm/sampling/canvas.ts";
import { checkDrawOptions, type DrawOptions } from "dlm/sampling/draw.ts";

/** A moment of the reverse process. */
export interface Frame {
  /** The sequences as they stand, each `T` token ids, with masks; copies. */
  readonly sequences: readonly Int32Array[];
  /** For each sequence `T` numbers: how probable the model held a character when it wrote it;
   * NaN for masks and for what was given. */
  readonly confidences: readonly Float64Array[];
  /** The places that this step revealed, counted through all sequences (`b·T + i`). */
  readonly revealed: Int32Array;
  /** The places that this step masked again. */
  readonly remasked: Int32Array;
  /** The time reached, from 1 down to 0, or to that at which the last mask went. */
  readonly time: number;
  /** How often the model has been evaluated so far (NFE). */
  readonly evaluations: number;
}

/** Options for {@linkcode sample}: `steps` and `schedule` are those of ancestral sampling. */
export interface SampleOptions extends DrawOptions, SteppedOptions {
  /** The way from masks to text; a sampler other than ancestral has its own options, such as
   * `lowConfidence({ steps: 8 })`.
   * @default {ancestral}
   */
  sampler?: Sampler | undefined;
  rng: Rng;
}

/**
 * Samples text from a denoiser, in this thread or in Workers: replaces the masks of some templates by characters, in the
 * steps and the order that a sampler chooses. Several sequences are sampled side by side.
 *
 * @example
 * ```ts ignore
 * const masks = new Int32Array(model.context).fill(tokenizer.maskId);
 * const frames = sample(model, [masks], { sampler: firstHitting(), rng: new Rng(1) });
 * for await (const { sequences } of frames) console.log(tokenizer.decode(sequences[0]!));
 * ```
 *
 * @param templates what to start from: sequences of one length `T`, in which masks stand
 * where text is wanted and all else stays as it is
 * @returns a frame before the first step and one after each
 * @throws {RangeError} if an option makes no sense, the text is longer than the context and not
 * sampled in blocks, or there is more of it than memory should hold: see
 * {@linkcode sampleInLots}
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before the text is finished
 */
export async function* sample(
  model: Denoiser | Predictor,
  templates: readonly Int32Array[],
  options: SampleOptions,
): AsyncGenerator<Frame> {
  const predictor = predictorOf(model);
  const { rng } = options;
  checkTemplates(predictor, templates);
  checkDrawOptions(options);
  const sampler = chosenSampler(options);
  const tokens = join(Int32Array, templates); // [B·T]
  const sheet: Sheet = {
    predictor,
    rng,
    options,
    length: templates[0]!.length,
    tokens,
    confidences: new Float64Array(tokens.length).fill(NaN),
    evaluations: 0,
  };
  let before = tokens.slice();
  const frame = (time: number): Frame => {
    const revealed: number[] = [];
    const remasked: number[] = [];
    tokens.forEach((id, i) => {
      if (id !== before[i]) (id === predictor.vocabularySize ? remasked : revealed).push(i);
    });
    before = tokens.slice();
    return {
      sequences: rowsOf(before, sheet.length),
      confidences: rowsOf(sheet.confidences, sheet.length),
      revealed: Int32Array.from(revealed),
      remasked: Int32Array.from(remasked),
      time,
      evaluations: sheet.evaluations,
    };
  };
  using interrupt = listenForInterrupt();
  yield frame(1);
  for await (const time of sampler(canvasOf(sheet))) {
    yield frame(time);
    const masks = tokens.filter((id) => id === predictor.vocabularySize).length;
    if (masks > 0) {
      await interrupt.check(`with ${masks} of ${tokens.length} characters still masked`);
    }
  }
}

/** The logits of every place, twice, are to take no more than 64 MB … */
const MOST_LOGITS = 2 ** 23;

/** … and each frame, which copies all characters, no more than 12 MB. */
const MOST_CHARACTERS = 2 ** 20;

/** How many texts of a length can be written side by side; none, if even one is too long. */
export function textsAtOnce(
  { vocabularySize }: Pick<Predictor, "vocabularySize">,
  length: number,
): number {
  return Math.floor(Math.min(MOST_CHARACTERS, MOST_LOGITS / vocabularySize) / length);
}

/** A moment in the writing of many texts. */
export interface LotFrame {
  /** Which lot is being written, from 0 on. */
  lot: number;
  /** Where it stands. */
  frame: Frame;
  /** The share of all texts that is written, in [0, 1]. */
  share: number;
}

/**
 * Samples as many texts from a template as are wished for, in bounded memory: in lots of
 * {@linkcode textsAtOnce}, one after the other. The first lot is what {@linkcode sample} writes.
 *
 * @throws {RangeError} unless `count` is a whole number of at least 1, or as {@linkcode sample}
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook, before the texts are finished
 */
export async function* sampleInLots(
  model: Denoiser | Predictor,
  template: Int32Array,
  { count, ...options }: SampleOptions & { count: number },
): AsyncGenerator<LotFrame> {
  const { vocabularySize: maskId } = model;
  const most = Math.max(1, textsAtOnce(model, template.length));
  checkTexts(count);
  // A lot hears of a Stop from its first frame on, until all of it is written: between two, we do.
  using stack = new DisposableStack();
  let interrupt: Interrupt | undefined;
  for (let [lot, done] = [0, 0]; done < count; lot++, done += most) {
    const size = Math.min(most, count - done);
    let begun = false;
    for await (const frame of sample(model, copies(template, size), options)) {
      if (!begun) await interrupt?.check(`after ${done} of ${count} texts`);
      interrupt ??= stack.use(listenForInterrupt());
      begun = true;
      const written = frame.sequences.some((ids) => ids.includes(maskId)) ? 1 - frame.time : 1;
      yield { lot, frame, share: (done + size * written) / count };
    }
  }
}

/**
 * The same template several times, for `sample()` to write several texts.
 *
 * @param template token ids, or the text to make them of
 * @throws {RangeError} unless `count` is a whole number of at least 1
 */
export function copies<Template>(template: Template, count: number): Template[] {
  checkTexts(count);
  return Array.from({ length: count }, () => template);
}

function checkTexts(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new RangeError(`Cannot write ${count} texts: give a whole number of at least 1.`);
}

/**
 * A prompt followed by masks, for `sample()` to go on from.
 *
 * @param prompt token ids
 * @param options `length`, of all of it, and the id of the mask
 * @throws {RangeError} if the prompt leaves nothing to write, or too much
 */
export function promptTemplate(
  prompt: Int32Array,
  options: { length: number; maskId: number },
): Int32Array {
  const { length, maskId } = options;
  if (!(prompt.length < length)) {
    throw new RangeError(
      `The prompt has ${prompt.length} characters, which leaves none of ${length} to write: ` +
        `shorten it, or write a longer text.`,
    );
  }
  checkRoom(maskId, { count: 1, length });
  const template = new Int32Array(length).fill(maskId);
  template.set(prompt);
  return template;
}

/** A sampling run, as `sample()` yields it or as it was kept. */
export type Frames = AsyncIterable<Frame> | Iterable<Frame>;

/** The text at the end of a sampling run, when the frames on the way do not matter. */
export async function lastFrame(frames: Frames): Promise<Frame> {
  let last: Frame | undefined;
  for await (const frame of frames) last = frame;
  if (!last) {
    throw new RangeError("A sampling run without frames has no last one.");
  }
  return last;
}

/** The rows of a matrix, as copies. */
function rowsOf<Row extends Int32Array | Float64Array>(matrix: Row, length: number): Row[] {
  return Array.from(
    { length: matrix.length / length },
    (_, b) => matrix.slice(b * length, (b + 1) * length) as Row,
  );
}

function chosenSampler({ sampler, steps, schedule }: SampleOptions): Sampler {
  if (!sampler) return ancestral({ steps, schedule });
  if (steps === undefined && schedule === undefined) return sampler;
  throw new TypeError(
    "A sampler that is given has its own steps and schedule: say sampler: lowConfidence({ steps: 8 }).",
  );
}

function checkTemplates(predictor: Predictor, templates: readonly Int32Array[]): void {
  const { causal, context } = predictor;
  if (causal) {
    throw new RangeError(
      "A causal model predicts the next character and cannot fill in masks: sample from a denoiser.",
    );
  }
  if (templates.length === 0) {
    throw new RangeError("There is no text to write: give at least one template.");
  }
  const { length } = templates[0]!;
  if (length === 0) {
    throw new RangeError(
      `Cannot sample 0 characters: this model writes 1 to ${context} at a time.`,
    );
  }
  if (templates.some((template) => template.length !== length)) {
    throw new RangeError(
      "The sequences have different lengths: sample those of one length together.",
    );
  }
  checkRoom(predictor.vocabularySize, { count: templates.length, length });
}

/** Refuses texts that are too much to hold side by side. */
function checkRoom(
  vocabularySize: number,
  { count, length }: { count: number; length: number },
): void {
  if (count <= textsAtOnce({ vocabularySize }, length)) return;
  const most = textsAtOnce({ vocabularySize }, 1);
  const texts = count === 1 ? "A text" : `${count} texts`;
  throw new RangeError(
    `${texts} of ${length} characters would take too much memory: ` +
      `write ${most} characters at the most, all texts together.`,
  );
}
