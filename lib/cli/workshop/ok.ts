/** `deno task ok`: everything that must hold before a change is handed on. */
import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** What is checked, and the arguments of the Deno that does it. */
const CHECKS: Record<string, string[]> = {
  formatting: ["fmt", "--check"],
  lint: ["lint"],
  types: ["check", "lib", "tests"],
  readme: ["check", "--doc", "README.md"],
  cells: ["task", "cells"],
  kernels: ["task", "kernels", "--check"],
  // Among them the floors, the real kernel, and the commands.
  tests: ["test", "--allow-all", "--no-check"],
  examples: ["test", "--allow-all", "--no-check", "--doc", "lib"],
  "damaged files": ["task", "fuzz", "--count", "20000"],
};

const command = new Command("ok")
  .description("Checks everything that must hold before a change is handed on; takes minutes.")
  .action(async () => {
    const start = performance.now();
    const failed: string[] = [];
    for (const [name, args] of Object.entries(CHECKS)) {
      if (!await passes(name, args)) failed.push(name);
    }
    const time = seconds(start);
    if (failed.length === 0) return console.log(`All is well, after ${time}.`);
    console.log(`Not yet: ${failed.join(", ")}, after ${time}.`);
    Deno.exit(1);
  });

/** Runs a check, and prints what it has to say if it fails. */
async function passes(name: string, args: string[]): Promise<boolean> {
  const start = performance.now();
  await Deno.stdout.write(new TextEncoder().encode(`${name} … `));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT })
    .output();
  console.log(`${success ? "ok" : "FAILED"} (${seconds(start)})`);
  if (!success) { for (const output of [stdout, stderr]) await Deno.stderr.write(output); }
  return success;
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(0)} s`;
}

await runCommand(command);
