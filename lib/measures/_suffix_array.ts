/**
 * Where the suffixes of a text begin, in the order of the suffixes: first sorted by one
 * character, then by 2, 4, 8 …, each time by the ranks of the two halves (prefix doubling;
 * Manber and Myers, 1993), which takes a second or two for a million characters.
 *
 * @param tokens any non-negative whole numbers
 */
export function suffixArray(tokens: Int32Array): Int32Array {
  const count = tokens.length;
  let order: Int32Array = Int32Array.from(tokens.keys());
  let ranks: Int32Array = Int32Array.from(tokens);
  let different = ranks.reduce((a, b) => Math.max(a, b), 0) + 1;
  order = sortByRank(order, ranks, different);
  for (let half = 1; half === 1 || (different < count && half < count); half *= 2) {
    // By the second half: the suffixes that have none, then the others in their order so far.
    const bySecond = new Int32Array(count);
    let next = 0;
    for (let i = Math.max(0, count - half); i < count; i++) bySecond[next++] = i;
    for (const i of order) if (i >= half) bySecond[next++] = i - half;
    order = sortByRank(bySecond, ranks, different);

    const second = (i: number) => i + half < count ? ranks[i + half]! : -1;
    const refined = new Int32Array(count);
    different = count > 0 ? 1 : 0;
    for (let n = 1; n < count; n++) {
      const [before, i] = [order[n - 1]!, order[n]!];
      if (ranks[before] !== ranks[i] || second(before) !== second(i)) different++;
      refined[i] = different - 1;
    }
    ranks = refined;
  }
  return order;
}

/** Sorts suffixes by rank, and leaves those of one rank as they are (counting sort). */
function sortByRank(suffixes: Int32Array, ranks: Int32Array, different: number): Int32Array {
  const ends = new Int32Array(different + 1);
  for (const rank of ranks) ends[rank + 1]!++;
  for (let rank = 0; rank < different; rank++) ends[rank + 1]! += ends[rank]!;
  const sorted = new Int32Array(suffixes.length);
  for (const i of suffixes) sorted[ends[ranks[i]!]!++] = i;
  return sorted;
}

/**
 * For each place of a text, how many characters from there on stand somewhere in another text
 * as they are.
 */
type FindMatches = (text: Int32Array) => Int32Array;

/** A source in which what a text has from it can be looked up quickly. */
export function indexMatches(source: Int32Array): FindMatches {
  const order = suffixArray(source);
  return (text) =>
    text.map((_, start) => {
      // Of all suffixes the ones that agree longest stand where this one would be sorted in.
      let longest = 0;
      let [low, high] = [0, order.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        const length = agreement(source, order[middle]!, text, start);
        longest = Math.max(longest, length);
        const [theirs, ours] = [source[order[middle]! + length] ?? -1, text[start + length] ?? -1];
        if (theirs < ours) low = middle + 1;
        else high = middle;
      }
      return longest;
    });
}

/** How many characters two texts have in common from two places on. */
function agreement(a: Int32Array, i: number, b: Int32Array, j: number): number {
  let length = 0;
  while (i + length < a.length && j + length < b.length && a[i + length] === b[j + length]) {
    length++;
  }
  return length;
}
