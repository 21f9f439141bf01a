import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { WriteError } from "dlm/files/atomic.ts";
import { SafetensorsError } from "dlm/files/safetensors.ts";

/**
 * Runs a command. Bad input, which the library reports as a `RangeError` with a sentence
 * that says what to do, ends it with that sentence on stderr and exit code 2, a file that
 * cannot be written with exit code 1, and Ctrl-C with exit code 130; anything else is a bug and
 * keeps its stack trace.
 */
export async function runCommand(
  // deno-lint-ignore no-explicit-any -- a command's options and arguments do not matter here
  command: Command<any, any, any>,
  args: readonly string[] = Deno.args,
): Promise<void> {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // --help
    const ours = error instanceof WriteError || error instanceof Interrupted;
    const sentence = ours ? error.message : badInput(error, command.name());
    if (sentence === undefined) throw error;
    console.error(sentence);
    Deno.exit(error instanceof Interrupted ? 130 : ours ? 1 : 2);
  }
}

/** The sentence for an error that is the caller's, not ours. */
function badInput(error: unknown, name: string): string | undefined {
  if (error instanceof CommanderError) {
    const text = error.message.replace(/^error: /, "").replace(/\.?$/, "")
      .replace("\n", " ");
    return `${text[0]!.toUpperCase()}${text.slice(1)}: see deno task ${name} --help.`;
  }
  if (error instanceof RangeError || error instanceof SafetensorsError) {
    return error.message;
  }
}

/** Reads a whole number of at least `least` from the command line. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) {
      return value;
    }
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}`);
  };
}

/** Reads a number above zero from the command line. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError("It must be a number above 0");
}

/** Reads a number above 0 and at most 1 from the command line. */
export function probability(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number above 0 and at most 1");
}

/** Reads a whole number of any sign, for seeds. */
export const anyWholeNumber = wholeNumber(Number.MIN_SAFE_INTEGER);
