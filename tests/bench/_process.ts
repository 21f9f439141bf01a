import { createInterface, type Interface } from "node:readline";
import { Readable } from "node:stream";

/** What contenders are compared in. */
export interface Contest {
  task: "train" | "sample";
  layers: number;
  width: number;
  heads: number;
  context: number;
  batch: number;
  microBatch: number;
  /** Evaluations of a sampling round. */
  steps: number;
  /** Workers of ours that share the work; 0 for this thread. */
  workers?: number;
  /** Which kernels of ours: in machine code or WebAssembly; the faster, if left out. */
  kernels?: "native" | "wasm" | undefined;
  /** Whether tfjs runs as it comes, without the kernels of this library. */
  stock?: boolean;
  /** Threads of PyTorch. */
  threads?: number;
  /** Whether PyTorch compiles the model. */
  compiled?: boolean;
  /** Of the numbers that PyTorch multiplies: 32 unless said. */
  bits?: 16 | 32;
}

/** How often the contender named ceiling does its 96 multiplications and additions in a round. */
export const CEILING_ROUNDS = 10_000_000;

/** A process that takes rounds when asked, so that several can take them in turn. */
export interface Contender extends AsyncDisposable {
  /** Takes one more round; the seconds that each step of it took. */
  round(): Promise<number>;
  /** The most memory it ever had in use, in bytes, where the system tells. */
  peakBytes(): Promise<number | null>;
}

/**
 * Starts a contender, see contender.ts.
 *
 * @param env all of its environment, unless that is ours
 * @returns nothing if it does not start, because its program or what that needs is missing; what
 * started without getting ready is ended
 */
export async function openContender(
  program: string,
  args: string[],
  env?: Record<string, string>,
): Promise<Contender | undefined> {
  const process = startProcess(program, args, env);
  if (!process) return undefined;
  const writer = process.stdin.getWriter();
  const lines: AsyncIterator<string> = readLines(process.stdout)[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string | undefined;
  if (await next() !== "ready") {
    await writer.close().catch(() => {}); // it may have ended and closed this itself
    await process[Symbol.asyncDispose](); // tells it to end, and waits until it has
    return undefined;
  }
  return {
    async round() {
      await writer.write(new TextEncoder().encode("\n"));
      const line = await next();
      if (line === undefined) throw new Error(`${program} ended in the middle of a round.`);
      return Number(line);
    },
    async peakBytes() {
      const status = await Deno.readTextFile(`/proc/${process.pid}/status`).catch(() => "");
      const [, kilobytes] = status.match(/^VmHWM:\s+(\d+) kB/m) ?? [];
      return kilobytes ? Number(kilobytes) * 1024 : null;
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {}); // Ctrl-C reaches it as well
      await process.status;
    },
  };
}

function startProcess(
  program: string,
  args: string[],
  env?: Record<string, string>,
): Deno.ChildProcess | undefined {
  const pipes = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  try {
    return new Deno.Command(program, { args, env, clearEnv: env !== undefined, ...pipes }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function readLines(stream: ReadableStream<Uint8Array>): Interface {
  // deno-lint-ignore no-explicit-any -- the two kinds of web stream differ in their types alone
  return createInterface({ input: Readable.fromWeb(stream as any) });
}
