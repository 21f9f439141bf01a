import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { fileURLToPath } from "node:url";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { GpuError } from "dlm/backend/webgpu/gpu_error.ts";
import { WriteError } from "dlm/files/atomic.ts";
import { SafetensorsError } from "dlm/files/safetensors.ts";

// How a command begins and ends. It ends with one sentence at the most, never with a stack trace.
// Every command imports this before all else, so that this is true of what fails in loading, too.

/** Its name among the tasks, once it is known. */
let name = "NAME";

addEventListener("error", (event) => {
  event.preventDefault();
  end(event.error);
});
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  end(event.reason);
});

/**
 * Runs a command. Paths count from where its user stands. Whatever error ends it becomes a
 * sentence on stderr and an exit code: 2 for bad input, which the library reports as a
 * `RangeError` with a sentence that says what to do, 1 where a file cannot be written, the
 * memory is too small or a graphics card fails, 130 after Ctrl-C, 70 for a fault of ours. With the environment variable
 * DLM_TRACE the stack trace comes with it.
 */
export async function runCommand(
  // deno-lint-ignore no-explicit-any -- a command's options and arguments do not matter here
  command: Command<any, any, any>,
  args: readonly string[] = Deno.args,
): Promise<void> {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  name = command.name();
  try {
    standWithUser();
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // --help
    end(error);
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Goes where the user stands: `deno task` goes to the project first, and keeps it in INIT_CWD. */
function standWithUser(): void {
  const place = environment("INIT_CWD");
  if (!place || Deno.permissions.querySync({ name: "read" }).state !== "granted") return;
  // Elsewhere `deno task` did not start this, and INIT_CWD is about something else.
  if (Deno.realPathSync(".") === Deno.realPathSync(ROOT)) Deno.chdir(place);
}

/** What the environment says, where it may be read. */
function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** A command that the system ended by a signal, and that said why. */
export class Terminated extends Error {
  override readonly name = "Terminated";
  constructor(readonly signal: keyof typeof TERMINATIONS, message: string) {
    super(message);
  }
}

/** The signals by which a system ends programs, or a terminal that is closed, with exit codes. */
const TERMINATIONS = { SIGHUP: 129, SIGTERM: 143 } as const;

/** Whether, and how, the system wants the command to end. */
export interface Termination extends Disposable {
  readonly requested: keyof typeof TERMINATIONS | undefined;
}

/** Listens for such signals until disposed of, for a command that has something to save. */
export function listenForTermination(): Termination {
  let requested: Termination["requested"];
  const listeners = (["SIGHUP", "SIGTERM"] as const).map((signal) => {
    const listener = () => {
      requested ??= signal;
    };
    return { signal, listener };
  });
  const listens = Deno.build.os !== "windows"; // which has no such signals
  for (const { signal, listener } of listens ? listeners : []) {
    Deno.addSignalListener(signal, listener);
  }
  return {
    get requested() {
      return requested;
    },
    [Symbol.dispose]() {
      for (const { signal, listener } of listens ? listeners : []) {
        Deno.removeSignalListener(signal, listener);
      }
    },
  };
}

/** Ends the command for an error. */
function end(error: unknown): never {
  const { code, sentence } = ending(error);
  try {
    // It may quote a file, which must not command the terminal.
    if (sentence !== undefined) console.error(sentence.replaceAll(/[^\P{Cc}\n]/gu, "\ufffd"));
    if (environment("DLM_TRACE")) console.error(error);
  } catch {
    // Its terminal is closed.
  }
  Deno.exit(code);
}

/** What a command that an error ends says, and its exit code. */
function ending(error: unknown): { code: number; sentence?: string } {
  if (isClosedPipe(error)) return { code: 0 }; // whoever read has read enough
  if (error instanceof CommanderError) return { code: 2, sentence: misuse(error) };
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause ? error.cause : error;
  if (cause instanceof Deno.errors.NotCapable) return { code: 2, sentence: notAllowed(cause) };
  if (error instanceof Interrupted) return { code: 130, sentence: message };
  if (error instanceof Terminated) return { code: TERMINATIONS[error.signal], sentence: message };
  if (error instanceof WriteError || error instanceof GpuError) {
    return { code: 1, sentence: message };
  }
  if (error instanceof SafetensorsError) return { code: 2, sentence: message };
  if (error instanceof RangeError) {
    if (OUT_OF_MEMORY.test(message)) {
      const sentence = `This takes more memory than there is (${message}): ` +
        `take a smaller model, batch, length or count, or a shorter text.`;
      return { code: 1, sentence };
    }
    if (message.endsWith(".")) return { code: 2, sentence: message }; // those of V8 do not
  }
  const what = `${error instanceof Error ? error.name : "Error"}: ${message.split("\n")[0]}`;
  const sentence =
    `This is a fault of the program (${what.replace(/\.$/, "")}): please report it ` +
    `with the command that you gave; with DLM_TRACE=1 in front, it says where it happened.`;
  return { code: 70, sentence };
}

/** What V8 says where it finds no room. */
const OUT_OF_MEMORY =
  /allocation failed|^Invalid (typed )?array( buffer)? length|^Invalid string length|call stack size/i;

function isClosedPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** The sentence for options that do not fit. */
function misuse({ message }: CommanderError): string {
  const text = message.replace(/^error: /, "").replace(/\.?$/, "").replace("\n", " ");
  return `${text[0]!.toUpperCase()}${text.slice(1)}: see deno task ${name} --help.`;
}

/** The sentence for what the permissions of the task leave out. */
function notAllowed({ message }: Error): string {
  const [what] = message.split(", run again");
  const [flag = "--allow-all"] = message.match(/--allow-[a-z]+/) ?? [];
  const program = fileURLToPath(Deno.mainModule);
  return `deno task ${name} may not do this (${what}): if you want it to, ` +
    `run deno run --allow-env --allow-read ${flag} ${program} instead.`;
}

/** Reads a path from the command line. */
export function path(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It must not be empty");
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
