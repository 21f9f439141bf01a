/** What came of trying the machine code. */
export type Outcome =
  /** It is right, and so many times as fast as WebAssembly. */
  | { works: true; speed: number }
  /** What happened, as a sentence. */
  | { works: false; reason: string };

/** Options for {@linkcode tryInProcess}. */
export interface TrialOptions {
  /** How long it may take, in milliseconds.
   * @default {10_000}
   */
  limit?: number;
}

/** With which Windows ends a program on Ctrl-C. */
const STATUS_CONTROL_C_EXIT = 0xc000013a;

/**
 * Runs a program that tries machine code, `program.ts` or another that prints an
 * {@linkcode Outcome}, in a process of its own. A fault in machine code ends its process at once,
 * with all that is in it: so it had better be one in which there is nothing.
 *
 * @throws {Error} if the program does not start or somebody stops it, which says nothing about the
 * code
 */
export async function tryInProcess(
  program: URL,
  args: string[],
  { limit = 10_000 }: TrialOptions = {},
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--no-lock", "--no-prompt", "--allow-ffi"]
      .concat(program.href, ...args),
    cwd: new URL("./", import.meta.url), // where Deno finds our deno.json
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let tooLong = false;
  const timer = setTimeout(() => {
    tooLong = true;
    child.kill("SIGKILL");
  }, limit);
  const { code, signal, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const failed = (how: string) => ({
    works: false as const,
    reason: `The self-test in a process of its own ${how}.`,
  });
  if (tooLong) return failed(`did not end within ${limit / 1000} s`);
  const stopped = code >>> 0 === STATUS_CONTROL_C_EXIT ? "SIGINT" : signal;
  if (stopped && /^SIG(INT|TERM|HUP|KILL)$/.test(stopped)) {
    throw new Error(`The self-test was stopped by ${stopped}; the next start tries again.`);
  }
  if (signal) return failed(`ended with signal ${signal}`);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (code === 0) return JSON.parse(text(stdout)) as Outcome;
  if (code !== 1) return failed(`ended with code ${code}`); // so Windows calls a fault
  throw new Error(`The self-test did not start: ${text(stderr).split("\n")[0]}`);
}
