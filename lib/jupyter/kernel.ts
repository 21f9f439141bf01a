/** A Deno Jupyter kernel as a child process: no Python, no kernelspec, no Jupyter. */
import { freePorts } from "dlm/jupyter/_ports.ts";
import { createSession, type Session } from "dlm/jupyter/_session.ts";
import { openZmtp } from "dlm/jupyter/_zmtp.ts";
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
}

/** The kernel has gone; `outputs` are those that the cell had shown by then. */
export class KernelError extends Error {
  override name = "KernelError";
  constructor(message: string, readonly outputs: Output[] = []) {
    super(message);
  }
}

/** The kernel's process, whose life is bound to ours. */
interface Process {
  isRunning(): boolean;
  /** Kills the kernel and waits for its end. */
  stop(): Promise<void>;
  /** Waits for the kernel's end and tells of it in a sentence. */
  obituary(): Promise<string>;
}

const HOST = "127.0.0.1";
const START_LIMIT_MS = 60_000;

/**
 * Starts a kernel and waits until it answers. It ends when it is disposed of, and at the latest
 * when this process ends, however that happens.
 *
 * @throws KernelError if the kernel does not start
 */
export async function startKernel(options: KernelOptions): Promise<Kernel> {
  for (let attempt = 1;; attempt++) {
    try {
      return await tryToStart(options);
    } catch (error) {
      // Another program may take one of the ports between our choice and the kernel's start.
      if (attempt === 3) throw error;
    }
  }
}

async function tryToStart(options: KernelOptions): Promise<Kernel> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = freePorts(5);
  const key = crypto.randomUUID();
  const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port };
  const connection = {
    transport: "tcp",
    ip: HOST,
    ...ports,
    key,
    signature_scheme: "hmac-sha256",
  };
  const file = await Deno.makeTempFile({
    prefix: "deno-kernel-",
    suffix: ".json",
  });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(file)); // the kernel has read it by the time that it answers
  await Deno.writeTextFile(file, JSON.stringify(connection));

  const started = new AsyncDisposableStack();
  const process = spawn(file, options);
  started.defer(process.stop);
  const limit = setTimeout(process.stop, START_LIMIT_MS);
  try {
    const shell = started.use(await openZmtp(await dial(shell_port!, process), "DEALER"));
    const iopub = started.use(await openZmtp(await dial(iopub_port!, process), "SUB"));
    const session = createSession(shell, iopub, key);
    await session.ready();
    return {
      execute: (code, { timeoutMs } = {}) => execute(session, process, code, timeoutMs),
      [Symbol.asyncDispose]: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    if (!isClosed(error)) throw error;
    throw new KernelError(`The Deno kernel did not start. ${await process.obituary()}`);
  } finally {
    clearTimeout(limit);
  }
}

async function execute(
  session: Session,
  process: Process,
  code: string,
  timeoutMs?: number,
): Promise<Execution> {
  const outputs: Output[] = [];
  let timedOut = false;
  const limit = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    process.stop(); // closes the connections, which ends the waiting below
  }, timeoutMs);
  try {
    return { executionCount: await session.execute(code, outputs), outputs };
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

function spawn(
  connectionFile: string,
  { directory, environment }: KernelOptions,
): Process {
  const deno = Deno.execPath();
  const guard = new URL("./_guard.ts", import.meta.url).href;
  const child = new Deno.Command(deno, {
    args: ["run", "--quiet", "--no-config", `--allow-run=${deno}`, guard, deno]
      .concat("jupyter", "--quiet", "--kernel", "--conn", connectionFile),
    cwd: directory,
    env: environment,
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
  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await child.stdin.close().catch(() => {}); // tells the guard to kill, if it has not gone yet
    await ended;
    await stderr.cancel();
  }
  return {
    isRunning: () => running,
    stop: () => stopping ??= stop(),
    async obituary() {
      const { code } = await ended;
      await Promise.race([listening, delay(200)]); // a cell may have left a process that holds the pipe
      return [`The kernel ended with exit code ${code}.`, lastWords.trim()]
        .join("\n").trim();
    },
  };
}

/** Connects to a port on which the kernel may not listen yet. */
async function dial(port: number, process: Process): Promise<Deno.TcpConn> {
  while (process.isRunning()) {
    try {
      return await Deno.connect({ hostname: HOST, port });
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
