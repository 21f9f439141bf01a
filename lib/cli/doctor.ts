import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { createHash } from "node:crypto";
import corpora from "../../data/corpora.json" with { type: "json" };
import { kernelsInUse, tf } from "dlm/backend/backend.ts";
import { findAdapter } from "dlm/backend/webgpu/adapter.ts";
import { HOW_TO_GET_ONE, installedFrontEnds, output } from "dlm/cli/machine/front_ends.ts";
import { describeGpu, findVulkan } from "dlm/cli/machine/gpu.ts";
import { kernelFault } from "dlm/jupyter/kernel/deno_version.ts";
import { shippedModels } from "dlm/training/known_models.ts";

/** One thing that the doctor looked at. */
interface Check {
  name: string;
  ok: boolean;
  /** What was found. */
  found: string;
  /** What to do if it is not as it should be. */
  advice?: string;
  /** What else there is to know of it, line by line. */
  notes?: string[];
}

const command = new Command("doctor")
  .description("Says what works on this machine, and what to do about what does not.")
  .option("--json", "print the result as one line of JSON")
  .action(async ({ json }) => {
    const checks: Check[] = [];
    const looks = [deno, kernel, frontEnds, cores, backend, kernels, gpu, corpus, model];
    for (const look of looks) checks.push(await tryTo(look));
    if (json) return console.log(JSON.stringify({ checks }));
    for (const { name, ok, found, advice, notes = [] } of checks) {
      console.log(`${ok ? "✓" : "–"} ${name.padEnd(14)} ${found}`);
      const below = !ok && advice ? [advice, ...notes] : notes;
      for (const line of below) console.log(`${" ".repeat(17)}${line}`);
    }
  });

/** Looks at one thing; that it cannot be looked at is a finding as well. */
async function tryTo(look: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name: look.name, ok: false, found: `cannot be looked at: ${reason}` };
  }
}

function deno(): Check {
  const advice = kernelFault(Deno.version.deno);
  return { name: "Deno", ok: advice === undefined, found: Deno.version.deno, advice };
}

async function kernel(): Promise<Check> {
  const name = "Jupyter kernel";
  const advice =
    "Run deno jupyter --install, or, with a front end, deno task lab; deno task notebooks needs no installation.";
  const [, folder] = /already installed at (.*)/i.exec(
    await output(Deno.execPath(), ["jupyter"]) ?? "",
  ) ?? [];
  if (!folder) return { name, ok: false, found: "not installed for notebook front ends", advice };
  const { argv: [program] } = JSON.parse(await Deno.readTextFile(`${folder}/kernel.json`));
  const printed = await output(program, ["--version"]);
  if (printed === undefined) {
    return { name, ok: false, found: `installed, but its Deno is gone: ${program}`, advice };
  }
  const [, version] = /^deno (\S+)/.exec(printed) ?? [];
  const fault = version && kernelFault(version);
  const found = `installed for notebook front ends, with ${version ? `Deno ${version}` : program}`;
  return { name, ok: !fault, found, advice: fault && `${fault} Then run deno task lab.` };
}

async function frontEnds(): Promise<Check> {
  const found = await Array.fromAsync(installedFrontEnds());
  return {
    name: "Front ends",
    ok: found.length > 0,
    found: found.map(({ name }) => name).join(", ") || "none",
    advice: `Get one of these: ${HOW_TO_GET_ONE.join("; ")}`,
  };
}

function cores(): Check {
  return {
    name: "Cores",
    ok: true,
    found: String(navigator.hardwareConcurrency),
  };
}

async function backend(): Promise<Check> {
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return {
    name: "Backend",
    ok: tf.getBackend() === "wasm" && simd === true,
    found: `${tf.getBackend()}${simd ? " with SIMD" : ""}`,
    advice: "Training is slow without WebAssembly SIMD: use a processor of the last ten years.",
  };
}

function kernels(): Check {
  const { set, reason } = kernelsInUse();
  return { name: "Kernels", ok: true, found: `${set}. ${reason}` };
}

async function gpu(): Promise<Check> {
  return { name: "GPU", ok: true, ...describeGpu(await findAdapter(), findVulkan()) };
}

async function corpus(): Promise<Check> {
  const [{ name, title, sha256 }] = corpora as [Extract<typeof corpora[number], { url: string }>];
  const file = `data/cache/${name}.txt`;
  const row = { name: "Corpus", ok: false };
  const bytes = await readIfThere(new URL(`../../${file}`, import.meta.url));
  if (!bytes) {
    const advice = "The first command that needs it fetches it.";
    return { ...row, found: `${title} is not downloaded yet`, advice };
  }
  if (digest(bytes) === sha256) return { ...row, ok: true, found: `${title} is in data/cache` };
  const text = new TextDecoder().decode(bytes).replaceAll("\r\n", "\n");
  const found = digest(text) === sha256
    ? `${file} has other line ends than ${title}`
    : `${file} is not ${title}`;
  return { ...row, found, advice: "Remove it: the next command that needs it fetches it anew." };
}

async function readIfThere(path: URL): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function digest(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

async function model(): Promise<Check> {
  const names = (await shippedModels()).map(({ name }) => name);
  return {
    name: "Models",
    ok: names.length > 0,
    found: names.join(", ") || "none shipped",
    advice: "Train one with deno task train and name its checkpoint with --model.",
  };
}

await runCommand(command);
