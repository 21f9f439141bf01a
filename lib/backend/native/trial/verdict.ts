import deno from "../../../../deno.json" with { type: "json" };
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

/** A verdict, and what it is about. */
interface Entry {
  circumstances: Circumstances;
  outcome: Outcome;
}

/** Where verdicts are kept from one process to the next. */
export interface Verdicts {
  /** Where that is, for people. */
  readonly place: string;
  read(circumstances: Circumstances): Promise<Outcome | undefined>;
  /** @throws {Error} if it cannot be kept */
  keep(circumstances: Circumstances, outcome: Outcome): Promise<void>;
  /**
   * Makes room for verdicts, and finds out whether any could be kept.
   *
   * @throws {Error} if not
   */
  probe(): Promise<void>;
}

/** Machines that share a folder, and versions one goes to and fro between. */
const MOST = 8;

const CACHE = new URL("../../../../data/cache/", import.meta.url);

/** Verdicts in a file, the newest first. What is no such file holds none. */
export function verdictsIn(folder: URL = CACHE): Verdicts {
  const file = new URL("machine_code.json", folder);
  const besides = () => new URL(`machine_code.json.${crypto.randomUUID()}.tmp`, folder);
  const load = async (): Promise<Entry[]> => {
    try {
      const entries = JSON.parse(await Deno.readTextFile(file));
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return [];
    }
  };
  const isSame = (one: Circumstances, other: Circumstances) =>
    JSON.stringify(one) === JSON.stringify(other);
  return {
    place: decodeURIComponent(file.pathname),
    async read(circumstances) {
      const entries = await load();
      return entries.find((entry) => isSame(entry.circumstances, circumstances))?.outcome;
    },
    async keep(circumstances, outcome) {
      const others = (await load()).filter((entry) => !isSame(entry.circumstances, circumstances));
      const entries: Entry[] = [{ circumstances, outcome }, ...others].slice(0, MOST);
      const whole = besides(); // nobody reads half of it, and if it is lost, it is found again
      await Deno.writeTextFile(whole, `${JSON.stringify(entries)}\n`);
      await Deno.rename(whole, file);
    },
    async probe() {
      await Deno.mkdir(folder, { recursive: true });
      const test = besides();
      await Deno.writeTextFile(test, "");
      await Deno.remove(test);
    },
  };
}

function isEntry(value: unknown): value is Entry {
  const { circumstances, outcome } = (value ?? {}) as Partial<Entry>;
  if (typeof circumstances !== "object" || typeof outcome !== "object" || !outcome) return false;
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
