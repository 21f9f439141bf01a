import { packBatch } from "dlm/batch.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import { enumerateTexts, type KnownLanguage } from "dlm/languages/known_languages.ts";

// What is estimated elsewhere by drawing masks can be had exactly of a short text, by going
// through all of them.

/** A text of this many characters has 4095 masks … */
const MOST_CHARACTERS = 12;

/** … and one of this many 362,880 orders. */
const MOST_ORDERED = 9;

/**
 * What a masked character of a text costs a model, by the number of masks: the mean over
 * all sets of `k` places, and over the places of each. The sum of these costs is the NELBO
 * of the text, in nats (see `exactCountNoise()`).
 *
 * @param text up to 12 token ids without a mask
 * @returns `[T]`, nats per masked character where `1 .. T` are masked
 * @throws {RangeError} if the text is empty or longer than that, or an id is no character's
 */
export async function costsByMasks(denoiser: Denoiser, text: Int32Array): Promise<Float64Array> {
  const costs = new Float64Array(text.length);
  const counts = new Float64Array(text.length);
  for (const surprisals of (await surprisalsOfEverySet(denoiser, text)).slice(1)) {
    const hidden = surprisals.filter((nats) => !isNaN(nats));
    counts[hidden.length - 1]!++;
    for (const nats of hidden) costs[hidden.length - 1]! += nats / hidden.length;
  }
  return costs.map((sum, i) => sum / counts[i]!);
}

/**
 * The same, averaged over all texts of a language, each as often as it occurs there: for its
 * exact denoiser these costs add up to the entropy.
 *
 * @returns `[T]`, nats per masked character where `1 .. T` are masked
 * @throws {RangeError} if the texts are longer than 12 characters
 */
export async function averageCosts(language: KnownLanguage): Promise<number[]> {
  const averages = new Array<number>(language.context).fill(0);
  for (const text of enumerateTexts(language.vocabularySize, language.context)) {
    const share = Math.exp(-language.surprisal(text));
    if (share === 0) continue;
    (await costsByMasks(language, text)).forEach((nats, i) => averages[i]! += share * nats);
  }
  return averages;
}

/** An order in which to write a text, and what that costs. */
export interface OrderCost {
  /** The places, the first to be written first. */
  order: number[];
  /** `-log p` of the text if it is written in this order, by the chain rule. */
  nats: number;
}

/**
 * What a text costs a model in every order in which it can be written, one character at a
 * time. The mean over the orders is the NELBO of the text (Hoogeboom et al., 2022, ARDM).
 *
 * @param text up to 9 token ids without a mask, of which more than 7 take long
 * @returns all `T!` orders, from left to right being the first
 * @throws {RangeError} if the text is empty or longer than that, or an id is no character's
 */
export async function costsByOrder(denoiser: Denoiser, text: Int32Array): Promise<OrderCost[]> {
  checkLength(text, MOST_ORDERED, "written in all orders");
  const surprisals = await surprisalsOfEverySet(denoiser, text);
  return orders([...text.keys()]).map((order) => {
    let hidden = surprisals.length - 1; // everything
    let nats = 0;
    for (const place of order) {
      nats += surprisals[hidden]![place]!;
      hidden &= ~(1 << place);
    }
    return { order, nats };
  });
}

function checkLength({ length }: Int32Array, most: number, what: string): void {
  if (length >= 1 && length <= most) return;
  throw new RangeError(
    `A text of ${length} characters cannot be ${what} here: choose one of 1 to ${most}.`,
  );
}

/** All ways to put some places in an order. */
function orders(places: number[]): number[][] {
  if (places.length === 0) return [[]];
  return places.flatMap((first) =>
    orders(places.filter((place) => place !== first)).map((rest) => [first, ...rest])
  );
}

/**
 * The surprisals of a text's characters for every set of masked places, read as a binary
 * number with the first place as the lowest bit; NaN for a character that shows.
 */
async function surprisalsOfEverySet(
  denoiser: Denoiser,
  clean: Int32Array,
): Promise<Float64Array[]> {
  checkLength(clean, MOST_CHARACTERS, "masked in all ways");
  const { length } = clean;
  const stranger = clean.find((id) => id < 0 || id >= denoiser.vocabularySize);
  if (stranger !== undefined) {
    throw new RangeError(
      `The model knows no character with the id ${stranger}: ` +
        `give ids from 0 to ${denoiser.vocabularySize - 1}.`,
    );
  }
  const maskId = denoiser.vocabularySize;
  const sets = Array.from({ length: 2 ** length }, (_, set) => set);
  const readings = sets.map((set) => {
    return { clean, noisy: clean.map((id, i) => set >> i & 1 ? maskId : id), weight: 1 };
  });
  const batch = packBatch(readings, { total: 1, asks: (id) => id === maskId });
  const surprisals = await predictorOf(denoiser).surprisals(batch);
  const found = sets.map(() => new Float64Array(length).fill(NaN));
  batch.rows.forEach((row, i) => found[Math.floor(row / length)]![row % length] = surprisals[i]!);
  return found;
}
