/** Options for {@linkcode CharTokenizer.decode}. */
export interface DecodeOptions {
  /**
   * What stands for the mask token.
   *
   * @default {"▒"}
   */
  mask?: string;
}

/** Options for {@linkcode CharTokenizer.encode}. */
export interface EncodeTextOptions {
  /**
   * What stands before the text in its file, so that an error can say the line in the file.
   *
   * @default {"" (nothing)}
   */
  after?: string;
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
  /** The id of each code point up to the last of the vocabulary, −1 for those that have none. */
  readonly #ids: Int32Array;

  /**
   * @param characters different characters, each one code point
   * @throws {RangeError} if one of them is not a single character, or stands twice
   */
  constructor(characters: readonly string[]) {
    this.characters = [...characters];
    const codes = this.characters.map((character) => {
      const code = character.codePointAt(0);
      if (code !== undefined && character === String.fromCodePoint(code)) return code;
      throw new RangeError(
        `A vocabulary holds single characters, not ${JSON.stringify(character)}: ` +
          `give one string a character.`,
      );
    });
    this.#ids = new Int32Array(codes.reduce((most, code) => Math.max(most, code + 1), 0)).fill(-1);
    for (const [id, code] of codes.entries()) {
      if (this.#ids[code] !== -1) {
        const twice = JSON.stringify(characters[id]);
        throw new RangeError(`${twice} stands twice in the vocabulary: give each character once.`);
      }
      this.#ids[code] = id;
    }
  }

  /** The vocabulary of a text: every character that occurs in it, in code point order. */
  static fromText(text: string): CharTokenizer {
    const seen = new Uint8Array(0x110000); // of each code point; a set is slow for 200 MB
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      seen[code] = 1;
      if (code > 0xffff) i++;
    }
    const characters: string[] = [];
    seen.forEach((occurs, code) => occurs && characters.push(String.fromCodePoint(code)));
    return new CharTokenizer(characters);
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
  encode(text: string, options: EncodeTextOptions = {}): Int32Array {
    const ids = new Int32Array(lengthOf(text));
    let end = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      const id = this.#ids[code] ?? -1;
      if (id === -1) throw new RangeError(this.#unknown(text, i, options.after));
      ids[end++] = id;
      if (code > 0xffff) i++;
    }
    return ids;
  }

  /**
   * The text of some ids.
   *
   * @throws {RangeError} if an id is neither a character's nor the mask's
   */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const { mask = "▒" } = options;
    const parts: string[] = [];
    for (let start = 0; start < ids.length; start += 4096) {
      let part = "";
      for (let i = start; i < Math.min(start + 4096, ids.length); i++) {
        const character = ids[i] === this.maskId ? mask : this.characters[ids[i]!];
        if (character === undefined) {
          throw new RangeError(
            `${ids[i]} is not a token id: characters are 0 to ${this.maskId - 1}, ` +
              `and ${this.maskId} is the mask.`,
          );
        }
        part += character;
      }
      parts.push(part);
    }
    return parts.join("");
  }

  /** The sentence for the character at an index of the text, which is not in the vocabulary. */
  #unknown(text: string, index: number, after = ""): string {
    const character = String.fromCodePoint(text.codePointAt(index)!);
    const lines = (after + text.slice(0, index)).split(/\r\n|\r|\n/);
    const column = lengthOf(lines.at(-1)!) + 1;
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    const near = nearestCharacters(character, this.characters).map((c) => JSON.stringify(c));
    const instead = near.length > 0 ? `write ${near.join(" or ")} instead, ` : "";
    return `The character ${JSON.stringify(character)} (U+${code}) ` +
      `at line ${lines.length}, column ${column} ` +
      `is not one of the vocabulary's ${this.vocabularySize}: ${instead}leave it out, ` +
      `or train on a text that has it.`;
  }
}

/** How many characters, that is code points, a text has. */
function lengthOf(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.codePointAt(i)! > 0xffff) i++;
    length++;
  }
  return length;
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
