/**
 * What a text has that a reader may not know of, because no editor shows it, as a sentence. All of
 * it is kept: to a model each is a character like any other.
 *
 * @returns nothing, if there is nothing to say
 */
export function describeOddities(name: string, text: string): string | undefined {
  const counts = new Map<string, number>();
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code < 0x7f || code === 0x0a || code === 0x09) continue;
    const oddity = oddityAt(text, i);
    if (oddity !== undefined) counts.set(oddity, (counts.get(oddity) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const listed = [...counts].map(([oddity, count]) => `${count.toLocaleString("en")} × ${oddity}`);
  return `${name} has ${listed.join(", ")}: kept as they are, and learned as characters.`;
}

/** The name of what stands there, if it is odd. */
function oddityAt(text: string, i: number): string | undefined {
  const code = text.charCodeAt(i);
  switch (code) {
    case 0x0d:
      return text[i + 1] === "\n" ? "CR LF at a line's end" : "CR without LF";
    case 0x00:
      return "NUL (U+0000)";
    case 0x1b:
      return "ESC (U+001B)";
    case 0xfeff:
      return "a byte order mark inside (U+FEFF)";
    case 0xfffd:
      return "a character lost in an earlier conversion (U+FFFD)";
  }
  const isControl = code < 0x20 || code >= 0x7f && code < 0xa0;
  return isControl ? `a control character (U+00${code.toString(16).padStart(2, "0")})` : undefined;
}
