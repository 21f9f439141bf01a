import { runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import corpora from "../../data/corpora.json" with { type: "json" };
import { kernelsInUse, tf } from "dlm/backend/backend.ts";
import { installedFrontEnds, output } from "dlm/cli/_front_ends.ts";
import { shippedModels } from "dlm/training/known_models.ts";

/** One thing that the doctor looked at. */
interface Check {
  name: string;
  ok: boolean;
  /** What was found. */
  found: string;
  /** What to do if it is not as it should be. */
  advice?: string;
}

const command = new Command("doctor")
  .description("Says what works on this machine, and what to do about what does not.")
  .option("--json", "print the result as one line of JSON")
  .action(async ({ json }) => {
    const checks = [
      deno(),
      await kernel(),
      await frontEnds(),
      cores(),
      await backend(),
      kernels(),
      await gpu(),
      await corpus(),
      await model(),
    ];
    if (json) return console.log(JSON.stringify({ checks }));
    for (const { name, ok, found, advice } of checks) {
      console.log(`${ok ? "✓" : "–"} ${name.padEnd(14)} ${found}`);
      if (!ok && advice) console.log(`${" ".repeat(17)}${advice}`);
    }
  });

function deno(): Check {
  const [major, minor, patch] = Deno.version.deno.split(".").map(Number) as [
    number,
    number,
    number,
  ];
  const ok = major * 1e6 + minor * 1e3 + patch >= 2_009_001;
  const advice = "Cells hide their errors before 2.9.1: run deno upgrade, or npx --yes deno@2.9.6.";
  return { name: "Deno", ok, found: Deno.version.deno, advice };
}

async function kernel(): Promise<Check> {
  const listed = await output(Deno.execPath(), ["jupyter"]);
  const ok = listed !== undefined && /already installed/i.test(listed);
  return {
    name: "Jupyter kernel",
    ok,
    found: ok ? "installed for notebook front ends" : "not installed for notebook front ends",
    advice:
      "Run deno jupyter --install, or deno task lab; deno task notebooks needs no installation.",
  };
}

async function frontEnds(): Promise<Check> {
  const found = await installedFrontEnds();
  return {
    name: "Front ends",
    ok: found.length > 0,
    found: found.map(({ name }) => name).join(", ") || "none",
    advice:
      "Open the folder in VS Code with its Deno and Jupyter extensions, or install JupyterLab.",
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
  const adapter = await navigator.gpu?.requestAdapter();
  const { description = "" } = adapter?.info ?? {};
  const software = /llvmpipe|lavapipe|swiftshader/i.test(description);
  return {
    name: "GPU",
    ok: true,
    found: adapter && !software ? description : "none, and none is needed",
  };
}

async function corpus(): Promise<Check> {
  const [{ name, title }] = corpora as [typeof corpora[number]];
  const path = new URL(`../../data/cache/${name}.txt`, import.meta.url);
  const ok = await Deno.stat(path).then(() => true, () => false);
  const found = ok ? `${title} is in data/cache` : `${title} is not downloaded yet`;
  return {
    name: "Corpus",
    ok,
    found,
    advice: "The first command that needs it fetches it.",
  };
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
