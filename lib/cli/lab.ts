import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { fileURLToPath } from "node:url";
import { installedFrontEnds } from "dlm/cli/_front_ends.ts";

const command = new Command("lab")
  .description("Installs the Deno kernel and opens the notebooks in what this machine has for it.")
  .action(async () => {
    const [frontEnd] = await installedFrontEnds();
    if (!frontEnd) {
      throw new RangeError(
        "There is no JupyterLab, Jupyter Notebook or VS Code on this machine: install one of them, " +
          "or run the course without any by deno task notebooks.",
      );
    }
    await run([Deno.execPath(), "jupyter", "--install", "--force"]);
    console.log(`Opening ${frontEnd.name}.`);
    await run(frontEnd.command);
  });

/** Runs a program in the project's folder to its end, on the terminal of this one. */
async function run([program, ...args]: readonly [string, ...string[]]): Promise<void> {
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  const { code } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

await runCommand(command);
