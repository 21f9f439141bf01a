import { fileURLToPath } from "node:url";
import { type Contender, type Contest, openContender } from "./_process.ts";
import { openTorch, type Torch } from "./_torch.ts";

/** Who takes part, in one line of the result. */
export interface Entry {
  name: string;
  contest: Contest;
  contender: Contender;
  /** Of a step, or of the sampling of a batch: one number for each round that counts. */
  seconds: number[];
}

export const STOCK = "stock tfjs-wasm";

/** Starts all that take part in a contest; what does not start is left out, with a sentence. */
export async function openEntries(contest: Contest, torch?: Torch): Promise<Entry[]> {
  const cores = navigator.hardwareConcurrency;
  const stock = { ...contest, microBatch: 1, stock: true, workers: 0 }; // memory is short, too
  const entries = [
    await enter(STOCK, contest, ours(stock)),
    await enter("ours", contest, ours({ ...contest, workers: 0 })),
    await enter(`ours, ${cores} workers`, contest, ours({ ...contest, workers: cores })),
  ];
  for (const [name, settings] of torch ? waysOf(torch, cores) : []) {
    entries.push(await enter(name, contest, openTorch(torch!, { ...contest, ...settings })));
  }
  return entries.filter((entry) => entry !== undefined);
}

/** The ways in which PyTorch may be fastest, with 32 bits as ours, and with 16. */
function waysOf({ compiles }: Torch, cores: number): [string, Partial<Contest>][] {
  const counts = [...new Set([1, cores])];
  const ways = (name: string, threads: number[], settings: Partial<Contest>) =>
    threads.map((n): [string, Partial<Contest>] => [
      `${name}, ${n} ${n === 1 ? "thread" : "threads"}`,
      { ...settings, threads: n },
    ]);
  return [
    ...ways("PyTorch", counts, {}),
    ...compiles ? ways("PyTorch compiled", counts, { compiled: true }) : [],
    ...ways(`PyTorch, 16 bits${compiles ? ", compiled" : ""}`, [cores], {
      compiled: compiles,
      bits: 16,
    }),
  ];
}

/** The most that a core multiplies and adds, in rounds of its own. */
export function openCeiling(contest: Contest): Promise<Entry | undefined> {
  return enter("FMA ceiling", contest, ours({ task: "ceiling" }));
}

async function enter(
  name: string,
  contest: Contest,
  start: Promise<Contender | undefined>,
): Promise<Entry | undefined> {
  const contender = await start;
  if (contender) return { name, contest, contender, seconds: [] };
  console.error(`${name} does not start here and is left out.`);
}

function ours(settings: object): Promise<Contender | undefined> {
  const script = fileURLToPath(new URL("./contender.ts", import.meta.url));
  return openContender(Deno.execPath(), ["run", "-A", script, JSON.stringify(settings)]);
}
