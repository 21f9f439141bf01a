import { stripVTControlCharacters } from "node:util";
import { columnsOf, glyphInText } from "dlm/display/glyphs.ts";
import type { Frame } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/**
 * A moment of the reverse process as text for a terminal: what was written is coloured by
 * confidence, from red to blue-green, what was given is bold, masks are grey.
 *
 * @param frame whose first sequence is shown
 * @param from the place from which on it is shown
 */
export function terminalText(frame: Frame, tokenizer: CharTokenizer, from = 0): string {
  const [ids, confidences] = [
    frame.sequences[0]!.subarray(from),
    frame.confidences[0]!.subarray(from),
  ];
  let text = "";
  let style = "";
  ids.forEach((id, i) => {
    const next = id === tokenizer.maskId ? MASK : styleOf(confidences[i]!);
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

/**
 * Where to begin with a frame so that its first text fits a terminal, which cannot go back to what
 * has left it at its top: at the text's beginning, or else at that of one of its last rows.
 */
export function firstShown(
  frame: Frame,
  tokenizer: CharTokenizer,
  { columns, rows }: { columns: number; rows: number },
): number {
  const shown = (from: number) => stripVTControlCharacters(terminalText(frame, tokenizer, from));
  const ids = [...frame.sequences[0]!];
  let from = 0;
  while (rowsOf(shown(from), columns) > Math.max(1, rows - 1)) { // and one for the cursor
    const end = ids.findIndex((id, i) => i >= from && tokenizer.decode([id]) === "\n");
    from = Math.min(end < 0 ? Infinity : end + 1, from + columns); // a line may fill several rows
  }
  return from;
}

/** Draws the first text over itself on the terminal of stderr, frame by frame. */
export function watcher(tokenizer: CharTokenizer) {
  let rows = 0;
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const back = () => rows > 0 ? `\x1b[${rows}A\x1b[0J` : "";
  return {
    frame(frame: Frame) {
      const size = Deno.consoleSize();
      const terminal = { columns: size.columns || 80, rows: size.rows || 24 }; // some say 0
      const colored = terminalText(frame, tokenizer, firstShown(frame, tokenizer, terminal));
      const plain = stripVTControlCharacters(colored);
      write(`${back()}${Deno.noColor ? plain : colored}\n`);
      rows = rowsOf(plain, terminal.columns);
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
