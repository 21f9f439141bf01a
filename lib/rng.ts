/**
 * A seeded pseudo-random generator: xoshiro128** (Blackman and Vigna, 2018) behind
 * the few distributions this library draws from.
 *
 * Everything random here takes an `Rng`, so that one seed gives one run. Parts that
 * must not disturb each other draw from streams of their own:
 *
 * @example
 * ```ts
 * import { Rng } from "dlm/rng.ts";
 *
 * const rng = new Rng(42);
 * const masks = rng.stream("masks").stream(7); // the same for step 7 of every run with seed 42
 * masks.uniform();
 * ```
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  readonly #root: number;

  /**
   * @param seed any safe integer
   * @throws {RangeError} if the seed is not a safe integer
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`The seed is ${seed}: give a whole number, such as 1.`);
    }
    const next = splitMix32(hashInts(seed | 0, Math.floor(seed / 2 ** 32) | 0));
    [this.#a, this.#b, this.#c, this.#d] = [next(), next(), next(), next()];
    this.#root = next();
  }

  /**
   * An independent generator that depends on this one's seed and on `name` alone, not
   * on how many numbers were drawn before: what is random at step 7 is a pure function
   * of the seed and of 7, which is why a resumed run needs no generator's state.
   */
  stream(name: string | number): Rng {
    let hash = this.#root;
    for (const character of String(name)) {
      hash = hashInts(hash, character.codePointAt(0)!);
    }
    return new Rng(hash);
  }

  /** A whole number, uniform in [0, 2^32). */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** A double, uniform in [0, 1), with all of its 53 bits random. */
  uniform(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  /** A whole number, uniform in [0, n), without modulo bias. */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n >= 1)) {
      throw new RangeError(
        `Cannot draw a whole number below ${n}: the bound must be one of at least 1.`,
      );
    }
    return Math.floor(this.uniform() * n);
  }

  /** A standard normal number (Box and Muller, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * An index drawn with probability proportional to its weight, in doubles: a float32
   * Gumbel trick would cut off the tail and so lower the temperature (Zheng et al., 2024).
   *
   * @throws {RangeError} if the weights do not have a positive, finite sum
   */
  categorical(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += weights[i]!;
    if (!(total > 0 && total < Infinity)) {
      throw new RangeError(
        `Cannot draw from weights that add up to ${total}: the sum must be positive and finite.`,
      );
    }
    let left = this.uniform() * total;
    let last = 0; // rounding may leave a crumb after the last weight
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! === 0) continue;
      last = i;
      left -= weights[i]!;
      if (left < 0) break;
    }
    return last;
  }

  /** `count` different whole numbers of [0, n) in random order: a partial Fisher–Yates shuffle. */
  permutation(n: number, count: number = n): Int32Array {
    const items = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < count; i++) {
      const j = i + this.integer(n - i);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items.subarray(0, count);
  }
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Two words in, one well-mixed word out (the finaliser of MurmurHash3, Appleby 2011). */
function hashInts(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A stream of words from one word, to fill a larger state (Steele, Lea and Flood, 2014). */
function splitMix32(state: number): () => number {
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return hashInts(state, state >>> 15);
  };
}
