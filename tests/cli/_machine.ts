import { fileURLToPath } from "node:url";
import { denoDir } from "../_support.ts";

/** A machine of its own for a command: a home and nothing on the PATH but what is put there. */
export interface Machine {
  /** The folder that is the home and the PATH. */
  home: string;
  /** Puts a shell script on the PATH. */
  install(program: string, script: string): Promise<void>;
  /** The command, ready to be started in the project, or in a copy of it at `root`. */
  command(name: string, args: readonly string[], root?: string): Deno.Command;
}

/** Makes one in a folder. */
export async function machineIn(home: string): Promise<Machine> {
  const env = {
    PATH: home,
    HOME: home,
    XDG_DATA_HOME: home,
    DENO_DIR: await denoDir(),
    NO_COLOR: "1",
  };
  return {
    home,
    install: (program, script) =>
      Deno.writeTextFile(`${home}/${program}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    command: (name, args, root = fileURLToPath(new URL("../../", import.meta.url))) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--quiet", "-A", `${root}/lib/cli/${name}.ts`, ...args],
        env,
        stdout: "piped",
        stderr: "piped",
      }),
  };
}

/** A process's exit code and what it printed. */
export async function outcome(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, out: out!, err: err! };
}
