import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { freePorts } from "dlm/jupyter/kernel/_ports.ts";

/** The folder of the Python modules. */
const modules = fileURLToPath(new URL("../../lib/export/pytorch/", import.meta.url));

/** A Python that has PyTorch, if processes may be started and one is found. */
async function findPython(): Promise<string | undefined> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return undefined;
  for (const python of ["python3", "/usr/bin/python3"]) {
    const probe = new Deno.Command(python, { args: ["-c", "import torch"], stderr: "null" });
    const found = await probe.output().then(({ success }) => success, () => false);
    if (found) return python;
  }
}

const python = await findPython();

/** How long a Python may take, in milliseconds; what needs seconds has minutes. */
const PATIENCE = 240_000;

/** A test that runs where there is PyTorch, and elsewhere says that it was left out. */
export function testWithPyTorch(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${python ? "" : " (needs PyTorch)"}`, ignore: !python, fn });
}

/**
 * Runs a program that may import the modules of lib/export/pytorch, with `torch` and `json` at hand.
 *
 * @param given what it finds under that name
 * @returns what it calls `answer` with
 */
export async function runPython(program: string, given: unknown): Promise<unknown> {
  const prologue = `
import json, sys, torch
given = json.load(sys.stdin)
def answer(value): print(json.dumps(value))
`;
  const child = start(["-c", prologue + program]);
  await ReadableStream.from([JSON.stringify(given)])
    .pipeThrough(new TextEncoderStream())
    .pipeTo(child.stdin);
  return JSON.parse(await finish(child));
}

/** Runs a module in several processes that know of each other, as torchrun does; what they print. */
export async function torchrun(
  processes: number,
  module: string,
  args: readonly string[],
): Promise<string> {
  const [port] = freePorts(1);
  const children = Array.from({ length: processes }, (_, rank) =>
    start([module, ...args], {
      RANK: `${rank}`,
      LOCAL_RANK: `${rank}`,
      WORLD_SIZE: `${processes}`,
      MASTER_ADDR: "127.0.0.1",
      MASTER_PORT: `${port}`,
    }));
  const printed = await Promise.all(children.map(async (child) => {
    await child.stdin.close();
    return await finish(child);
  }));
  return printed.join("");
}

/** Without the name of a network, processes may look long for one that leads to themselves. */
const network: Record<string, string> = Deno.build.os === "linux"
  ? { GLOO_SOCKET_IFNAME: "lo" }
  : {};

function start(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(python!, {
    args,
    cwd: modules,
    env: { OMP_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1", ...network, ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(PATIENCE),
  }).spawn();
}

async function finish(child: Deno.ChildProcess): Promise<string> {
  const { success, signal, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stderr);
  assert(
    success,
    signal ? `Python had ${PATIENCE / 1000} seconds, then got ${signal}. ${said}` : said,
  );
  return new TextDecoder().decode(stdout);
}
