/** The talk with a kernel over two channels: requests on `shell`, all that happens on `iopub`. */
import { createFolder, type Displays } from "dlm/jupyter/kernel/_outputs.ts";
import { fromFrames, type Message, toFrames } from "dlm/jupyter/kernel/_wire.ts";
import type { ZmtpSocket } from "dlm/jupyter/kernel/_zmtp.ts";
import type { Json, MimeBundle, Output } from "dlm/jupyter/notebook.ts";

export interface Session {
  /** Waits until the kernel answers on both channels. */
  ready(): Promise<void>;
  /** Runs one cell, filling `outputs` as they come; returns the cell's execution count. */
  execute(code: string, outputs: Output[], silent?: boolean): Promise<number>;
}

const FENCE = "application/x-fence";

export function createSession(shell: ZmtpSocket, iopub: ZmtpSocket, key: string): Session {
  const displays: Displays = new Map();
  const speaker = { session: crypto.randomUUID(), key };

  async function request(type: string, content: { [key: string]: Json }): Promise<string> {
    const id = crypto.randomUUID();
    await shell.send(toFrames({ id, type, parentId: undefined, content }, speaker));
    return id;
  }

  async function receive(socket: ZmtpSocket): Promise<Message> {
    return fromFrames(await socket.receive(), key);
  }

  async function replyTo(id: string): Promise<Message> {
    while (true) {
      const message = await receive(shell);
      if (message.parentId === id) return message;
    }
  }

  /**
   * The kernel says that it is idle, and that a cell failed, over a shorter road than the one its
   * outputs take, so either may overtake the last of them. Hence a fence: once the cell is idle, a
   * second, silent request shows a mark, which arrives behind all that the cell has shown; and an
   * error goes to the end, as it ended the cell. (The kernel also holds a reply back until it hears
   * from us again.)
   */
  async function execute(code: string, outputs: Output[], silent = false): Promise<number> {
    const fold = createFolder(outputs, displays);
    const cell = await request("execute_request", {
      code,
      silent,
      store_history: true,
      allow_stdin: false,
    });
    const mark = JSON.stringify({ data: { [FENCE]: cell }, metadata: {} });
    const fenceCode = `await Deno.jupyter.broadcast("display_data", ${mark})`;
    let fence: string | undefined;
    let failure: Message["content"] | undefined;
    while (true) {
      const message = await receive(iopub);
      const { type, parentId, content } = message;
      if (type === "display_data" && (content.data as MimeBundle)[FENCE] === cell) break;
      if (parentId !== cell && parentId !== fence) continue;
      if (parentId === cell && content.execution_state === "idle") {
        fence = await request("execute_request", {
          code: fenceCode,
          silent: true,
          allow_stdin: false,
        });
      } else if (type === "error") failure = content;
      else fold(message);
    }
    const reply = (await replyTo(cell)).content;
    if (reply.status === "error") failure ??= reply;
    if (failure) outputs.push(errorOutput(failure));
    return Number(reply.execution_count);
  }

  return {
    async ready() {
      // What the kernel says before it has read our subscription is lost: ask until it answers.
      const knocking = setInterval(() => request("kernel_info_request", {}).catch(() => {}), 50);
      try {
        await receive(iopub);
      } finally {
        clearInterval(knocking);
      }
    },
    execute,
  };
}

function errorOutput({ ename, evalue, traceback }: Message["content"]): Output {
  const lines = Array.isArray(traceback) ? traceback.map(String) : [];
  // Code that cannot be compiled is the only error without a traceback; the kernel says no more.
  const hint = lines.length > 0 ? "" : ": the cell cannot be compiled; deno task cells shows where";
  return { output_type: "error", ename: String(ename), evalue: evalue + hint, traceback: lines };
}
