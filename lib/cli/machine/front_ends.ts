import { fileURLToPath } from "node:url";

/** A program in which people read and run notebooks. */
interface FrontEnd {
  name: string;
  program: string;
  /** What it wants to be told to open a notebook. */
  open: (notebook: string) => string[];
}

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/** The front ends that a machine may have, the best first. */
const FRONT_ENDS: readonly FrontEnd[] = [
  { name: "JupyterLab", program: "jupyter-lab", open: (notebook) => [notebook] },
  { name: "Jupyter Notebook", program: "jupyter-notebook", open: (notebook) => [notebook] },
  // Its extension for Deno looks for deno.json in the folder that is open.
  { name: "VS Code", program: "code", open: (notebook) => [PROJECT, notebook] },
];

/** What to do where there is none, a line for each way. */
export const HOW_TO_GET_ONE = [
  "pip install jupyterlab",
  "VS Code (https://code.visualstudio.com) with its extensions Deno and Jupyter.",
] as const;

/** The front ends that this machine has, the best first; each takes its time to answer. */
export async function* installedFrontEnds(): AsyncGenerator<FrontEnd> {
  for (const frontEnd of FRONT_ENDS) {
    if (await output(frontEnd.program, ["--version"]) !== undefined) yield frontEnd;
  }
}

const PATIENCE_MS = 30_000;

/** What a program prints, on either stream; nothing if there is none, or it fails, or does not end. */
export async function output(program: string, args: string[]): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      signal,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return success ? decoder.decode(stdout) + decoder.decode(stderr) : undefined;
  } catch {
    return undefined;
  }
}
