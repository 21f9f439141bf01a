import { indexMatches } from "dlm/measures/_suffix_array.ts";

/** A text known by heart, to hold others against. */
export interface KnownText {
  /**
   * For each character of a text the length of the longest run of characters through it that
   * stands in the known text as it is; 0 where the character itself does not.
   */
  copiedRuns(text: Int32Array): Int32Array;
  /**
   * The share of the n-grams of some texts that do not stand in the known text, by `n`: how
   * much of what is said is said for the first time (McCoy et al., 2023).
   *
   * @throws {RangeError} if an `n` is no length, or no text is as long as the largest one
   */
  novelty(texts: readonly Int32Array[], orders: readonly number[]): [n: number, share: number][];
}

/**
 * Learns a text by heart, such as the training split; a million characters take a second or two.
 *
 * @example
 * ```ts
 * import { learnByHeart } from "dlm/measures/novelty.ts";
 * import { CharTokenizer } from "dlm/tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const tokenizer = CharTokenizer.fromText("my horse, be quiet");
 * const known = learnByHeart(tokenizer.encode("my horse, be quiet"));
 * const text = tokenizer.encode("be horse");
 * assert.deepEqual([...known.copiedRuns(text)], [3, 3, 6, 6, 6, 6, 6, 6]); // "be ", " horse"
 * assert.deepEqual(known.novelty([text], [2, 4]), [[2, 0], [4, 2 / 5]]); // "be h" and "e ho"
 * ```
 */
export function learnByHeart(known: Int32Array): KnownText {
  const matches = indexMatches(known);
  return {
    copiedRuns(text) {
      const runs = new Int32Array(text.length);
      matches(text).forEach((length, start) => {
        for (let i = start; i < start + length; i++) runs[i] = Math.max(runs[i]!, length);
      });
      return runs;
    },
    novelty(texts, orders) {
      const found = texts.map(matches);
      return orders.map((n) => {
        if (!(Number.isSafeInteger(n) && n >= 1)) {
          throw new RangeError(`There are no ${n}-grams: give whole numbers of at least 1.`);
        }
        const lengths = found.flatMap((
          text,
        ) => [...text.subarray(0, Math.max(0, text.length - n + 1))]);
        if (lengths.length === 0) {
          throw new RangeError(
            `No text has ${n} characters, so there are no ${n}-grams in them: give longer texts or a smaller n.`,
          );
        }
        return [n, lengths.filter((length) => length < n).length / lengths.length];
      });
    },
  };
}
