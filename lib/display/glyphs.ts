import stringWidth from "string-width";

// Every token can be seen, wherever it is shown: in pictures, in tables, in a terminal.

/**
 * The sign for a token in running text, where a space is a gap: "↵" for a line end, "⇥" for a tab,
 * "␛" and its like for control characters, "◌" under a mark that combines with a letter, "⍽" for
 * spaces that are not the usual one, and "⍰" for whatever else cannot be seen. All others stand
 * for themselves.
 *
 * @param character one code point
 */
export function glyphInText(character: string): string {
  const code = character.codePointAt(0)!;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code === 0x0a) return "↵";
  if (code === 0x09) return "⇥";
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (/\p{M}/u.test(character)) return `◌${character}`;
  if (/\p{Z}/u.test(character)) return "⍽";
  return /\p{C}/u.test(character) ? "⍰" : character;
}

/**
 * The sign for a token that stands alone, as in a table or at an axis: as in running text, but a
 * space is "␣".
 *
 * @example
 * ```ts
 * import { glyphOf } from "dlm/display/glyphs.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(["a", " ", "\n", "\x1b"].map(glyphOf), ["a", "␣", "↵", "␛"]);
 * ```
 *
 * @param character one code point
 */
export function glyphOf(character: string): string {
  return character === " " ? "␣" : glyphInText(character);
}

/** Control characters and those that turn the direction of what follows, but no ends of lines. */
const UNSAFE = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text that does to a terminal nothing but to be written: for what a model may have written. */
export function printable(text: string): string {
  return text.replace(UNSAFE, glyphInText);
}

/** How many columns of a grid a sign takes: two for Chinese characters and emoji. */
export function columnsOf(glyph: string): number {
  return Math.max(1, stringWidth(glyph));
}

/** What to say below letters that are drawn the other way than they are read. */
export const DIRECTION_NOTE =
  "Right-to-left letters stand here from left to right, as the model reads them.";

/** Whether some letters of a text are read from right to left. */
export function readsRightToLeft(text: string): boolean {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
    .test(text);
}
