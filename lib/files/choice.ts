import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";

/**
 * What the reader works with, named once: every notebook and every command takes it unless told
 * otherwise. It is kept in data/choice.json, which git ignores.
 */
export interface Choice {
  /** The name of a text, or the whole path of a file; tiny Shakespeare, if left out. */
  text?: string | undefined;
  /** The whole path of a model's file; one that learned from the text, if left out. */
  model?: string | undefined;
}

const FILE = fileURLToPath(new URL("../../data/choice.json", import.meta.url));

/**
 * The reader's choice; an empty one if nothing was chosen, or nothing may be read.
 *
 * @throws {RangeError} if its file is damaged
 */
export async function readChoice(): Promise<Choice> {
  const { state } = await Deno.permissions.query({ name: "read", path: FILE });
  if (state !== "granted") return {};
  try {
    return checkChoice(JSON.parse(await Deno.readTextFile(FILE)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw new RangeError(
      `data/choice.json, which keeps the text you chose, cannot be read: choose again with ` +
        `deno task text NAME, or remove that file.`,
      { cause: error },
    );
  }
}

/**
 * The name or the path of the text that the reader works with: unless chosen, tiny Shakespeare.
 *
 * @throws {RangeError} if a file was chosen that is gone
 */
export async function chosenText(): Promise<string> {
  const { text = "tinyshakespeare" } = await readChoice();
  if (TEXT_NAMES.includes(text) || await Deno.stat(text).then(() => true, () => false)) return text;
  throw new RangeError(
    `The text that you chose, ${text}, is no longer there: choose again with deno task text NAME.`,
  );
}

/**
 * Keeps a choice in the place of the one before.
 *
 * @throws {WriteError} if it cannot be written
 */
export async function writeChoice(choice: Choice): Promise<void> {
  await writeFileAtomic(FILE, new TextEncoder().encode(`${JSON.stringify(choice, null, 2)}\n`));
}

function checkChoice(value: unknown): Choice {
  const { text, model } = value as Choice;
  if ([text, model].every((path) => path === undefined || typeof path === "string")) {
    return { text, model };
  }
  throw new TypeError("A text and a model are chosen by their names.");
}
