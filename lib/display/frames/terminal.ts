import { stripVTControlCharacters } from "node:util";
import { columnsOf, glyphInText } from "dlm/display/glyphs.ts";
import type { Frame } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/**
 * A moment of the reverse process as text for a terminal: what was written is coloured by
 * confidence, from red to blue-green, what was given is bold, masks are grey.
 *
 * @param frame whose first sequence is shown
 */
export function terminalText(frame: Frame, tokenizer: CharTokenizer): string {
  const { sequences: [ids], confidences: [confidences] } = frame;
  let text = "";
  let style = "";
  ids!.forEach((id, i) => {
    const next = id === tokenizer.maskId ? MASK : styleOf(confidences![i]!);
    if (next !== style) text += `\x1b[0;${style = next}m`;
    const character = tokenizer.decode([id]);
    text += character === "\n" ? character : glyphInText(character);
  });
  return `${text}\x1b[0m`;
}

const MASK = "38;5;245";

/** Of the 256 colours, five that can be read on black and on white. */
const COLORS = [161, 166, 136, 64, 30];

function styleOf(confidence: number): string {
  if (isNaN(confidence)) return "1";
  return `38;5;${COLORS[Math.min(4, Math.floor(5 * confidence))]}`;
}

/** Draws the first text over itself on the terminal of stderr, frame by frame. */
export function watcher(tokenizer: CharTokenizer) {
  let rows = 0;
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const back = () => rows > 0 ? `\x1b[${rows}A\x1b[0J` : "";
  return {
    frame(frame: Frame) {
      const colored = terminalText(frame, tokenizer);
      const plain = stripVTControlCharacters(colored);
      write(`${back()}${Deno.noColor ? plain : colored}\n`);
      rows = rowsOf(plain, Deno.consoleSize().columns || 80); // some terminals say 0
    },
    end: () => write(back()),
  };
}

/** How many rows of a terminal a text of {@linkcode terminalText} fills: long lines go on in the
 * next, and so does a wide character that no longer fits. */
export function rowsOf(text: string, columns: number): number {
  return text.split("\n").reduce((rows, line) => rows + rowsOfLine(line, columns), 0);
}

function rowsOfLine(line: string, columns: number): number {
  let [rows, column] = [1, 0];
  for (const [glyph] of line.matchAll(/\P{M}\p{M}*/gu)) {
    const width = columnsOf(glyph);
    if (column + width > columns) [rows, column] = [rows + 1, 0];
    column += width;
  }
  return rows;
}
