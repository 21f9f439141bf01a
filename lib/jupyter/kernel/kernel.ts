/** A Deno Jupyter kernel as a child process: no Python, no kernelspec, no Jupyter. */
import { WriteError } from "dlm/files/atomic.ts";
import { type Connection, drawConnection, isTaken } from "dlm/jupyter/kernel/_connection.ts";
import { createSession, type Session } from "dlm/jupyter/kernel/_session.ts";
import { openZmtp } from "dlm/jupyter/kernel/_zmtp.ts";
import { kernelFault } from "dlm/jupyter/kernel/deno_version.ts";
import type { Output } from "dlm/jupyter/notebook.ts";

export interface KernelOptions {
  /** The kernel's working directory: the folder of its notebook. */
  directory: string;
  /** Environment variables on top of this process's own. */
  environment?: Record<string, string>;
}

export interface ExecuteOptions {
  /** Milliseconds that the cell may run before the kernel is killed. Default: no limit. */
  timeoutMs?: number;
  /** Whether the kernel is not to count the cell. Default: false. */
  silent?: boolean;
}

/** What running a cell gave. An exception in the cell is an output of type `error`. */
export interface Execution {
  outputs: Output[];
  executionCount: number;
}

export interface Kernel extends AsyncDisposable {
  /**
   * Runs `code` as one cell.
   *
   * @throws KernelError if the kernel dies, or is killed at the time limit, before the cell ends
   */
  execute(code: string, options?: ExecuteOptions): Promise<Execution>;
  /** Sends what Stop sends in a notebook. */
  interrupt(): Promise<void>;
}

/** The kernel has gone; `outputs` are those that the cell had shown by then. */
export class KernelError extends Error {
  override name = "KernelError";
  constructor(message: string, readonly outputs: Output[] = []) {
    super(message);
  }
}

/** How a kernel is started; only tests have reason to do it otherwise. */
export interface StartOptions {
  /** Chooses ports and a key for each try. */
  draw?: () => Connection;
  /** Milliseconds that the kernel may take until it answers. Default: a minute. */
  limitMs?: number;
}

/** The kernel's process, whose life is bound to ours. */
interface Process {
  isRunning(): boolean;
  /** Waits for the kernel's end, and rejects as a connection does that is closed. */
  death(): Promise<never>;
  interrupt(): Promise<void>;
  /** Kills the kernel and waits for its end. */
  stop(): Promise<void>;
  /** Waits for the kernel's end and tells of it in a sentence. */
  obituary(): Promise<string>;
}

const START_LIMIT_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1; // a timer that is set to more goes off at once

/**
 * Starts a kernel and waits until it answers. It ends when it is disposed of, and at the latest
 * when this process ends, however that happens.
 *
 * @throws RangeError if the kernel of this Deno is too old
 * @throws WriteError if there is no folder for temporary files
 * @throws KernelError if the kernel does not start
 */
export async function startKernel(
  options: KernelOptions,
  { draw = drawConnection, limitMs = START_LIMIT_MS }: StartOptions = {},
): Promise<Kernel> {
  const fault = kernelFault(Deno.version.deno);
  if (fault) throw new RangeError(fault);
  for (let attempt = 1;; attempt++) {
    const connection = draw();
    try {
      return await tryToStart(connection, options, limitMs);
    } catch (error) {
      // Another program may take a port between our choice and the kernel's start. Our kernel is
      // gone by now: on a port that is taken listens someone else. No other error is worth a retry.
      if (attempt === 3 || !isTaken(connection)) throw error;
    }
  }
}

async function tryToStart(
  connection: Connection,
  options: KernelOptions,
  limitMs: number,
): Promise<Kernel> {
  await using cleanup = new AsyncDisposableStack();
  const file = await writeConnection(connection);
  cleanup.defer(() => Deno.remove(file)); // the kernel has read it by the time that it answers

  const started = new AsyncDisposableStack();
  const process = spawn(file, options);
  started.defer(process.stop);
  let tooSlow = false;
  const limit = setTimeout(() => {
    tooSlow = true;
    process.stop();
  }, limitMs);
  const connect = async (port: number, type: "DEALER" | "SUB") => {
    const address = { hostname: connection.ip, port };
    const channel = started.adopt(await dial(address, process), (channel) => channel.close());
    return await openZmtp(channel, type);
  };
  const greet = async () => {
    const shell = await connect(connection.shell_port, "DEALER");
    const iopub = await connect(connection.iopub_port, "SUB");
    const session = createSession(shell, iopub, connection.key);
    await session.ready();
    return session;
  };
  try {
    // A program that took a port may let us wait for its greeting when our kernel has long gone.
    const session = await Promise.race([greet(), process.death()]);
    return {
      execute: (code, options = {}) => execute(session, process, code, options),
      interrupt: process.interrupt,
      [Symbol.asyncDispose]: () => started.disposeAsync(),
    };
  } catch (error) {
    // A kernel that closes its connections is about to end, and to say why.
    if (isClosed(error)) await Promise.race([process.obituary(), delay(1000)]);
    await started.disposeAsync();
    if (!isClosed(error)) throw error;
    const story = tooSlow
      ? `It did not answer within ${limitMs / 1000} s; try again when the machine has less to do.`
      : await process.obituary();
    throw new KernelError(`The Deno kernel did not start. ${story}`);
  } finally {
    clearTimeout(limit);
  }
}

/** Writes the file by which a kernel is told its ports and key, and returns its path. */
async function writeConnection(connection: Connection): Promise<string> {
  try {
    // A file that Deno makes so is for this user alone from its first moment on.
    const file = await Deno.makeTempFile({ prefix: "deno-kernel-", suffix: ".json" });
    await Deno.writeTextFile(file, JSON.stringify(connection));
    return file;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WriteError(
      `A kernel needs a file in the folder for temporary files, which cannot be written (${reason}): ` +
        "set TMPDIR to a folder that can.",
      { cause },
    );
  }
}

async function execute(
  session: Session,
  process: Process,
  code: string,
  { timeoutMs, silent }: ExecuteOptions,
): Promise<Execution> {
  const outputs: Output[] = [];
  let timedOut = false;
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    process.stop(); // closes the connections, which ends the waiting below
  }, Math.min(timeoutMs, LONGEST_TIMER_MS));
  try {
    return { executionCount: await session.execute(code, outputs, silent), outputs };
  } catch (error) {
    if (!isClosed(error)) throw error;
    const story = await process.obituary();
    throw new KernelError(
      timedOut
        ? `The cell ran longer than the limit of ${timeoutMs! / 1000} s, so its kernel was killed.`
        : story,
      outputs,
    );
  } finally {
    clearTimeout(limit);
  }
}

function spawn(connectionFile: string, { directory, environment }: KernelOptions): Process {
  const deno = Deno.execPath();
  const program = new URL("./_guard.ts", import.meta.url).href;
  const child = new Deno.Command(deno, {
    // Were only this one program allowed, no LD_* variable and no comma in its path would be.
    args: ["run", "--quiet", "--no-config", "--allow-run", program, deno]
      .concat("jupyter", "--quiet", "--kernel", "--conn", connectionFile),
    cwd: directory,
    env: environment,
    // When Deno ends by an error, it kills its children, and a guard that is killed guards no more.
    detached: Deno.build.os !== "windows", // where a detached program may open a window
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();

  let running = true;
  const ended = child.status.finally(() => running = false);
  const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let lastWords = "";
  const listening = (async () => {
    while (true) {
      const { done, value } = await stderr.read();
      if (done) return;
      lastWords = (lastWords + value).slice(-2000);
    }
  })();
  // A cell may have left a process that holds the pipe, so not all is waited for.
  const silent = ended.then(() => Promise.race([listening, delay(200)]));
  let stopping: Promise<void> | undefined;
  const guard = child.stdin.getWriter();
  async function stop(): Promise<void> {
    await guard.close().catch(() => {}); // tells the guard to kill, if it has not gone yet
    await silent;
    await stderr.cancel();
  }
  return {
    isRunning: () => running,
    async death() {
      await ended;
      throw new Deno.errors.UnexpectedEof();
    },
    interrupt: () => guard.write(Uint8Array.of(0)).catch(() => {}), // it has gone
    stop: () => stopping ??= stop(),
    async obituary() {
      const { code } = await ended;
      await silent;
      return [`The kernel ended with exit code ${code}.`, lastWords.trim()]
        .join("\n").trim();
    },
  };
}

/** Connects to a port on which the kernel may not listen yet. */
async function dial(address: Deno.ConnectOptions, process: Process): Promise<Deno.TcpConn> {
  while (process.isRunning()) {
    try {
      return await Deno.connect(address);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await delay(10);
    }
  }
  throw new Deno.errors.UnexpectedEof();
}

/** Whether an error says that the other side of a connection has gone. */
function isClosed(error: unknown): boolean {
  const { UnexpectedEof, ConnectionReset, BrokenPipe, ConnectionAborted } = Deno.errors;
  return [UnexpectedEof, ConnectionReset, BrokenPipe, ConnectionAborted].some((
    type,
  ) => error instanceof type);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
