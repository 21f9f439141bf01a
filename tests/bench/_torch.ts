import { fileURLToPath } from "node:url";
import { type Contender, openContender } from "./_process.ts";

/** What PyTorch a Python has. */
export interface Torch {
  python: string;
  /** "PyTorch 2.9.1, MKL 2024.2, AVX512". */
  version: string;
  /** Whether it can compile a model, for which it wants a C++ compiler. */
  compiles: boolean;
  /** The kind of graphics card that it can use: "cuda", "mps", or none. */
  card: string | null;
}

const SCRIPT = fileURLToPath(new URL("./torch_contender.py", import.meta.url));

/** Looks for PyTorch; says in a sentence on stderr what is missing. */
export async function findTorch(python: string): Promise<Torch | undefined> {
  const args = [SCRIPT, JSON.stringify({ task: "about" })];
  const probe = new Deno.Command(python, { args, ...environment(), stderr: "null" });
  const { success, stdout } = await probe.output().catch(() => ({ success: false, stdout: null }));
  if (!success || !stdout) {
    console.error(
      `PyTorch is left out, since ${python} has none: pip install torch, and name the Python ` +
        `that has it, with --python.`,
    );
    return undefined;
  }
  const found: Omit<Torch, "python"> = JSON.parse(new TextDecoder().decode(stdout));
  if (!found.compiles) {
    console.error(
      "torch.compile is left out, since it does not work here: it needs PyTorch 2, Python's " +
        "headers and a C++ compiler such as g++.",
    );
  }
  return { python, ...found };
}

/** Starts PyTorch with the settings that torch_contender.py reads. */
export function openTorch({ python }: Torch, settings: object): Promise<Contender | undefined> {
  return openContender(python, [SCRIPT, JSON.stringify(settings)], environment().env);
}

/** Variables that hold PyTorch's products or threads back, or may. */
const HINDRANCES = /^(OPENBLAS_|MKL_|ATEN_|ONEDNN_|DNNL_|OMP_|GOMP_|KMP_)/;

/** Ours, without what would keep PyTorch from doing its best. */
function environment() {
  const own = Object.entries(Deno.env.toObject()).filter(([name]) => !HINDRANCES.test(name));
  return { env: Object.fromEntries(own), clearEnv: true };
}
