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
  const onCard = contest.backend === "webgpu";
  const entries = await (onCard ? openOnCard(contest, torch) : openOnProcessor(contest, torch));
  return entries.filter((entry) => entry !== undefined);
}

async function openOnProcessor(contest: Contest, torch?: Torch) {
  const cores = navigator.hardwareConcurrency;
  const stock = { ...contest, microBatch: 1, stock: true, workers: 0 }; // memory is short, too
  const entries = [
    await enter(STOCK, contest, ours(stock)),
    await enter("ours", contest, ours({ ...contest, workers: 0 })),
    await openWorkers(contest),
  ];
  for (const [name, settings] of torch ? waysOf(torch, cores) : []) {
    entries.push(await enter(name, contest, openTorch(torch!, { ...contest, ...settings })));
  }
  return entries;
}

/** Ours at its best on the processor, and all on the graphics card, where a batch goes through the
 * model at once. */
async function openOnCard(contest: Contest, torch?: Torch) {
  const whole = { ...contest, microBatch: contest.batch, workers: 0 };
  const entries = [
    await openWorkers({ ...contest, backend: "wasm" }),
    await enter("ours, webgpu", contest, ours(whole)),
  ];
  const ways: [string, Partial<Contest>][] = [
    ["PyTorch", {}],
    ...torch?.compiles ? [["PyTorch compiled", { compiled: true }] as [string, object]] : [],
    ["PyTorch, 16 bits", { bits: 16 }],
  ];
  for (const [name, settings] of torch?.card ? ways : []) {
    const start = openTorch(torch!, { ...contest, ...settings, threads: 1 });
    entries.push(await enter(`${name}, ${torch!.card}`, contest, start));
  }
  return entries;
}

function openWorkers(contest: Contest): Promise<Entry | undefined> {
  const workers = navigator.hardwareConcurrency;
  return enter(`ours, ${workers} workers`, contest, ours({ ...contest, workers }));
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
