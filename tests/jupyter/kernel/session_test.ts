import assert from "node:assert/strict";
import { createSession } from "dlm/jupyter/kernel/_session.ts";
import { fromFrames, type Message, toFrames } from "dlm/jupyter/kernel/_wire.ts";
import type { ZmtpSocket } from "dlm/jupyter/kernel/_zmtp.ts";
import type { Output } from "dlm/jupyter/notebook.ts";

const KEY = "the secret key";

/** One of a kernel's channels, seen from the client: what the kernel says waits to be received. */
class FakeSocket implements ZmtpSocket {
  readonly #said: Uint8Array[][] = [];
  #receiver?: (frames: Uint8Array[]) => void;
  onRequest: (request: Message) => void = () => {};
  readonly sent: string[] = [];

  say(type: string, parentId: string, content: Message["content"]): void {
    const frames = toFrames({
      id: crypto.randomUUID(),
      type,
      parentId,
      content,
    }, { session: "kernel", key: KEY });
    if (this.#receiver) this.#receiver(frames);
    else this.#said.push(frames);
    this.#receiver = undefined;
  }
  send(frames: Uint8Array[]): Promise<void> {
    this.sent.push(...frames.map((frame) => new TextDecoder().decode(frame)));
    this.onRequest(fromFrames(frames, KEY));
    return Promise.resolve();
  }
  receive(): Promise<Uint8Array[]> {
    const next = this.#said.shift();
    return next ? Promise.resolve(next) : new Promise((resolve) => this.#receiver = resolve);
  }
  [Symbol.dispose](): void {}
}

/** What a fake kernel does for a cell; `late` comes after it says that it is idle. */
interface FakeCell {
  outputs?: string[];
  error?: Message["content"];
  late?: string[];
  reply?: Message["content"];
}

/** The two channels of a kernel that runs nothing and does what the table says. */
function fakeKernel(cells: Record<string, FakeCell>): { shell: FakeSocket; iopub: FakeSocket } {
  const [shell, iopub] = [new FakeSocket(), new FakeSocket()];
  let count = 0;
  let late: string[] = [];
  const print = (id: string) => (text: string) => iopub.say("stream", id, { name: "stdout", text });
  shell.onRequest = ({ id, type, content }) => {
    iopub.say("status", id, { execution_state: "busy" });
    if (content.silent === true) {
      late.forEach(print(id)); // a late output carries the id of the latest request
      const [mark] = /\{.*\}/.exec(String(content.code))!;
      iopub.say("display_data", id, JSON.parse(mark));
    } else if (type === "execute_request") {
      const cell = cells[String(content.code)]!;
      cell.outputs?.forEach(print(id));
      if (cell.error) iopub.say("error", id, cell.error);
      late = cell.late ?? [];
      shell.say("execute_reply", id, { status: "ok", ...cell.reply, execution_count: ++count });
    }
    iopub.say("status", id, { execution_state: "idle" });
  };
  return { shell, iopub };
}

async function run(
  cells: Record<string, FakeCell>,
  code: string,
): Promise<{ outputs: Output[]; count: number }> {
  const { shell, iopub } = fakeKernel(cells);
  const outputs: Output[] = [];
  const count = await createSession(shell, iopub, KEY).execute(code, outputs);
  return { outputs, count };
}

function printed(text: string): Output {
  return { output_type: "stream", name: "stdout", text };
}

Deno.test("execute() gives a cell's outputs and its number", async () => {
  const { shell, iopub } = fakeKernel({ a: { outputs: ["1", "2"] }, b: {} });
  const session = createSession(shell, iopub, KEY);
  const outputs: Output[] = [];
  assert.equal(await session.execute("a", outputs), 1);
  assert.equal(await session.execute("b", []), 2);
  assert.deepEqual(outputs, [printed("12")]);
});

Deno.test("execute() waits for outputs that come after the kernel says it is idle", async () => {
  assert.deepEqual(
    (await run({ a: { outputs: ["1"], late: ["2", "3"] } }, "a")).outputs,
    [printed("123")],
  );
});

Deno.test("execute() passes over what belongs to other requests", async () => {
  const { shell, iopub } = fakeKernel({ a: { outputs: ["mine"] } });
  iopub.say("stream", "another request", { name: "stdout", text: "not mine" });
  iopub.say("status", "another request", { execution_state: "idle" });
  shell.say("kernel_info_reply", "another request", { status: "error" });
  const outputs: Output[] = [];
  await createSession(shell, iopub, KEY).execute("a", outputs);
  assert.deepEqual(outputs, [printed("mine")]);
});

Deno.test("execute() puts a cell's error at the end, behind what it overtook", async () => {
  const error = { ename: "RangeError", evalue: "too wide", traceback: ["RangeError: too wide"] };
  const { outputs } = await run({ a: { outputs: ["1"], error, late: ["2"] } }, "a");
  assert.deepEqual(outputs, [printed("12"), { output_type: "error", ...error }]);
});

Deno.test("execute() finds an error that only the reply speaks of", async () => {
  const reply = { status: "error", ename: "Error", evalue: "Execution failed", traceback: [] };
  const { outputs } = await run({ "const =": { reply } }, "const =");
  assert.equal(outputs.length, 1);
  assert.ok(outputs[0]!.output_type === "error");
  assert.match(outputs[0]!.evalue, /^Execution failed: the cell cannot be compiled/);
});

Deno.test("ready() asks again until it hears an answer", async () => {
  const { shell, iopub } = fakeKernel({});
  const answer = shell.onRequest;
  let asked = 0;
  shell.onRequest = (request) => {
    if (++asked === 3) answer(request); // the first two answers are lost
  };
  await createSession(shell, iopub, KEY).ready();
  assert.equal(asked, 3);
});

Deno.test("a session has a name of its own, and nothing that it sends tells the key", async () => {
  const names: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { shell, iopub } = fakeKernel({ a: {} });
    await createSession(shell, iopub, KEY).execute("a", []);
    assert(!shell.sent.join("\n").includes(KEY));
    names.push(...shell.sent.flatMap((frame) => /"session":"([^"]+)"/.exec(frame)?.[1] ?? []));
  }
  const [cell, fence, ...others] = names; // a cell takes two requests
  assert.equal(cell, fence);
  assert.equal(new Set(names).size, 2);
  assert.equal(others.length, 2);
});
