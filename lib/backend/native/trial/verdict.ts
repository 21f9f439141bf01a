import deno from "../../../../deno.json" with { type: "json" };
import { type Remembered, rememberedIn } from "dlm/backend/remembered.ts";
import type { ProductSet } from "../product/open.ts";
import type { Processor } from "../processor.ts";
import type { Outcome } from "./process.ts";

/** All that has to be the same for a verdict still to count. */
export interface Circumstances {
  set: ProductSet;
  vendor: string;
  brand: string;
  family: number;
  model: number;
  os: string;
  arch: string;
  deno: string;
  /** The version of this library, */
  version: string;
  /** and the SHA-256 of the sources which write the code: whoever works on them is safe too. */
  sources: string;
}

/** Verdicts on machine code, kept from one process to the next. */
export type Verdicts = Remembered<Circumstances, Outcome>;

const CACHE = new URL("../../../../data/cache/", import.meta.url);

/** Verdicts in a file. */
export function verdictsIn(folder: URL = CACHE): Verdicts {
  return rememberedIn(new URL("machine_code.json", folder), isOutcome);
}

function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== "object" || !value) return false;
  const outcome = value as Outcome;
  return outcome.works ? typeof outcome.speed === "number" : typeof outcome.reason === "string";
}

/** The circumstances here and now. */
export async function circumstancesOf(
  { vendor, brand, family, model }: Processor,
  set: ProductSet,
): Promise<Circumstances> {
  const { build: { os, arch } } = Deno;
  return {
    ...{ set, vendor, brand, family, model, os, arch },
    deno: Deno.version.deno,
    version: deno.version,
    sources: await digest(new URL("../", import.meta.url)),
  };
}

/** The SHA-256 of all files in a folder and below. */
async function digest(folder: URL): Promise<string> {
  const texts: string[] = [];
  const visit = async (folder: URL) => {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      if (isDirectory) await visit(new URL(`${name}/`, folder));
      else texts.push(await Deno.readTextFile(new URL(name, folder)));
    }
  };
  await visit(folder);
  const bytes = new TextEncoder().encode(texts.join("\n"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
