/** Options for {@linkcode CharTokenizer.decode}. */
export interface DecodeOptions {
  /**
   * What stands for the mask token.
   *
   * @default {"▒"}
   */
  mask?: string;
}

/**
 * Text to token ids and back, one token a character (a Unicode code point).
 *
 * Characters have the ids `0 .. V-1` in code point order; the mask token has the id
 * `V`. A model therefore embeds `V + 1` tokens but predicts only `V`: a mask can be
 * read, never written.
 *
 * @example
 * ```ts
 * import { CharTokenizer } from "dlm/tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const tokenizer = CharTokenizer.fromText("be horse");
 * const ids = tokenizer.encode("horse");
 * ids[0] = tokenizer.maskId;
 * assert.equal(tokenizer.decode(ids), "▒orse");
 * ```
 */
export class CharTokenizer {
  /** The vocabulary: the character of each id, without the mask. */
  readonly characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /**
   * @param characters different characters, each one code point
   * @throws {TypeError} if one of them is not a single character, or stands twice
   */
  constructor(characters: readonly string[]) {
    this.characters = [...characters];
    this.#ids = new Map(this.characters.map((character, id) => [character, id]));
    const wrong = this.characters.find((character) => [...character].length !== 1);
    if (wrong !== undefined) {
      throw new TypeError(
        `A vocabulary holds single characters, not ${
          JSON.stringify(wrong)
        }: give one string a character.`,
      );
    }
    if (this.#ids.size < this.characters.length) {
      const twice = this.characters.find((character, id) => this.#ids.get(character) !== id)!;
      throw new TypeError(
        `${JSON.stringify(twice)} stands twice in the vocabulary: give each character once.`,
      );
    }
  }

  /** The vocabulary of a text: every character that occurs in it, in code point order. */
  static fromText(text: string): CharTokenizer {
    const characters = [...new Set(text)];
    return new CharTokenizer(characters.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!));
  }

  /** `V`, the number of characters; the mask is not counted. */
  get vocabularySize(): number {
    return this.characters.length;
  }

  /** The id of the mask token, `V`. */
  get maskId(): number {
    return this.characters.length;
  }

  /**
   * The ids of a text, one a code point.
   *
   * @throws {RangeError} if a character is not in the vocabulary; the message names it,
   * where it stands, and what could stand there instead
   */
  encode(text: string): Int32Array {
    const characters = [...text];
    const ids = new Int32Array(characters.length);
    characters.forEach((character, position) => {
      const id = this.#ids.get(character);
      if (id === undefined) {
        throw new RangeError(this.#unknown(character, characters, position));
      }
      ids[position] = id;
    });
    return ids;
  }

  /**
   * The text of some ids.
   *
   * @throws {RangeError} if an id is neither a character's nor the mask's
   */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const { mask = "▒" } = options;
    return Array.from(ids, (id) => {
      const character = id === this.maskId ? mask : this.characters[id];
      if (character === undefined) {
        throw new RangeError(
          `${id} is not a token id: characters are 0 to ${
            this.maskId - 1
          }, and ${this.maskId} is the mask.`,
        );
      }
      return character;
    }).join("");
  }

  #unknown(character: string, characters: string[], position: number): string {
    const before = characters.slice(0, position);
    const line = before.filter((c) => c === "\n").length + 1;
    const column = position - before.lastIndexOf("\n");
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    const near = nearestCharacters(character, this.characters).map((c) => JSON.stringify(c));
    const instead = near.length > 0 ? `write ${near.join(" or ")} instead, ` : "";
    return `The character ${
      JSON.stringify(character)
    } (U+${code}) at line ${line}, column ${column} ` +
      `is not one of the vocabulary's ${this.vocabularySize}: ${instead}leave it out, ` +
      `or train on a text that has it.`;
  }
}

/**
 * The characters of a vocabulary that somebody may have meant by one that is not in it, at
 * most three: the same letter with other marks or in the other case, or else a sign of the
 * same look, or else of the same kind.
 */
export function nearestCharacters(character: string, vocabulary: readonly string[]): string[] {
  const distance = (other: string) => Math.abs(other.codePointAt(0)! - character.codePointAt(0)!);
  for (const trait of [plainLetter, look, kind]) {
    const wanted = trait(character);
    const found = vocabulary.filter((other) => wanted !== undefined && trait(other) === wanted);
    if (found.length > 0) return found.sort((a, b) => distance(a) - distance(b)).slice(0, 3);
  }
  return [];
}

/** "é" and "E" to "e", "ß" to "s", "…" to ".". */
function plainLetter(character: string): string | undefined {
  return character.toUpperCase().toLowerCase().normalize("NFKD").match(/\P{M}/u)?.[0];
}

const LOOKS = ["'\"`´‘’‚‛“”„‹›«»", "-‐‑‒–—―−_~", "()[]{}<>⟨⟩", ",;、", ".!?¡¿。", "/\\|"];

function look(character: string): string | undefined {
  return LOOKS.find((look) => look.includes(character));
}

const KINDS = [/\p{L}/u, /\p{N}/u, /\s/u, /[\p{P}\p{S}]/u];

function kind(character: string): RegExp | undefined {
  return KINDS.find((kind) => kind.test(character));
}
