/** A program in which people read and run notebooks. */
interface FrontEnd {
  name: string;
  /** The command that starts it, without arguments in the current folder. */
  command: readonly [program: string, ...args: string[]];
}

/** The front ends that a machine may have, the best first. */
const FRONT_ENDS: readonly FrontEnd[] = [
  { name: "JupyterLab", command: ["jupyter-lab"] },
  { name: "Jupyter Notebook", command: ["jupyter-notebook"] },
  { name: "VS Code", command: ["code", "."] },
];

/** The front ends that this machine has. */
export async function installedFrontEnds(): Promise<FrontEnd[]> {
  const found: FrontEnd[] = [];
  for (const frontEnd of FRONT_ENDS) {
    const [program] = frontEnd.command;
    if (await output(program, ["--version"]) !== undefined) found.push(frontEnd);
  }
  return found;
}

/** What a program prints, on either stream; nothing if there is no such program. */
export async function output(program: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args })
      .output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + decoder.decode(stderr);
  } catch {
    return undefined;
  }
}
