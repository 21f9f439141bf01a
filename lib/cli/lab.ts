import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { resolve } from "node:path";
import { HOW_TO_GET_ONE, installedFrontEnds } from "dlm/cli/machine/front_ends.ts";
import { selectNotebooks } from "dlm/jupyter/course.ts";

const command = new Command("lab")
  .description(
    "Installs the Deno kernel and opens a notebook in the front end that this machine has.",
  )
  .usage("[notebook] [options of the front end, such as --port 9999]")
  .argument("[notebook]", "such as 05, 05_training or a path (default: the first)")
  .allowUnknownOption()
  .allowExcessArguments()
  .action(async (_first, _options, { args: [first = "--", ...rest] }) => {
    const named = !first.startsWith("-");
    const [notebook] = await selectNotebooks(named ? [first] : []);
    const passedOn = named ? rest : command.args;
    const { value: frontEnd } = await installedFrontEnds().next();
    if (!frontEnd) {
      throw new RangeError(
        "There is no JupyterLab, Jupyter Notebook or VS Code on this machine: run the course without " +
          `any by deno task notebooks, or get one:\n  ${HOW_TO_GET_ONE.join("\n  ")}`,
      );
    }
    await run(Deno.execPath(), ["jupyter", "--install", "--force"]);
    console.log(`Opening ${frontEnd.name}.`);
    await run(frontEnd.program, [...frontEnd.open(resolve(notebook!)), ...passedOn]);
  });

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a program on the terminal of this one to its end, or to ours, which it does not outlive. */
async function run(program: string, args: string[]): Promise<void> {
  // After Ctrl-C alone, Jupyter would ask whether that is meant; this ends it.
  const end = new AbortController();
  const stop = () => end.abort();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  const { code } = await new Deno.Command(program, {
    args,
    signal: end.signal,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
  if (end.signal.aborted) Deno.exit(130);
  if (code !== 0) Deno.exit(code);
}

await runCommand(command);
