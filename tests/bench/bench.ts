import { SingleBar } from "cli-progress";
import { Command, Option } from "commander";
import { fileURLToPath } from "node:url";
import { median } from "simple-statistics";
import { KERNEL_WISHES, kernelsInUse, useBackend } from "dlm/backend/backend.ts";
import { runCommand, wholeNumber } from "dlm/cli/_command.ts";
import { CEILING_ROUNDS, type Contender, type Contest, openContender } from "./_process.ts";
import { profileStep } from "./_profile.ts";

/**
 * The sizes compared: a laptop's model of 0.9 million parameters, and 8.0 million, which is
 * sampled with fewer evaluations, each of them as long, to spare everybody's time.
 */
const SIZES = [
  { layers: 4, width: 128, heads: 4, context: 128, batch: 32, microBatch: 16, steps: 64 },
  { layers: 10, width: 256, heads: 8, context: 128, batch: 64, microBatch: 8, steps: 4 },
];

/** How many texts are sampled at once. */
const SAMPLED = 64;

/** Who takes part, in one line of the result. */
interface Entry {
  name: string;
  contest: Contest;
  contender: Contender;
  seconds: number[];
}

const STOCK = "stock tfjs-wasm";

const command = new Command("bench")
  .description("Measures training and sampling against stock tfjs and, if installed, PyTorch.")
  .addOption(
    new Option("--only <task>", "one of the two").choices(["train", "sample"] as const),
  )
  .option("--layers <N>", "another size than the two built in", wholeNumber(1))
  .option("--width <D>", "features of a character", wholeNumber(1))
  .option("--heads <H>", "attention heads", wholeNumber(1))
  .option("--context <T>", "characters of a sequence", wholeNumber(1))
  .option("--batch <B>", "sequences a step", wholeNumber(1))
  .option("--rounds <N>", "rounds each, of which the median counts", wholeNumber(1), 5)
  .option("--python <program>", "a Python that has PyTorch", "python3")
  .addOption(
    new Option("--kernels <kind>", "machine code or WebAssembly (default: the faster that works)")
      .choices(KERNEL_WISHES),
  )
  .option("--profile", "instead, the milliseconds of each op in one training step")
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const { layers, width, heads, context, batch, kernels } = options;
    await useBackend("wasm", { kernels }); // whether it can, before anybody starts
    const given = { layers, width, heads, context, batch };
    const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
    const sizes = Object.keys(asked).length > 0 ? [{ ...SIZES[0]!, ...asked }] : SIZES;
    if (options.profile) return await profile(sizes[0]!, options.json);
    const tasks = options.only ? [options.only] : ["train", "sample"] as const;
    const rows = [];
    for (const size of sizes) {
      for (const task of tasks) {
        const contest = task === "train"
          ? { ...size, task, kernels }
          : { ...size, task, kernels, batch: SAMPLED };
        rows.push(...await compare(contest, options));
      }
    }
    if (options.json) {
      console.log(JSON.stringify({ kernels: kernelsInUse().set, rows, ratios: ratios(rows) }));
    } else show(rows);
  });

/** All contenders of one contest, taking their rounds in turn. */
async function compare(contest: Contest, options: { rounds: number; python: string }) {
  await using stack = new AsyncDisposableStack();
  const entries = await openEntries(contest, options.python);
  const ceiling = await enter("FMA ceiling", contest, ours({ task: "ceiling" }));
  const contenders = [ceiling!, ...entries];
  contenders.forEach(({ contender }) => stack.use(contender));
  const bar = new SingleBar({ format: "{bar} {value} of {total} rounds | {name}" });
  bar.start(contenders.length * (options.rounds + 1), 0, { name: "" });
  for (let round = 0; round <= options.rounds; round++) {
    for (const { name, contender, seconds } of contenders) {
      bar.update({ name });
      // The first round warms up; but stock tfjs is so slow that it takes no other.
      const counts = (round > 0) !== (name === STOCK);
      const taken = counts || round === 0 ? await contender.round() : NaN;
      if (counts) seconds.push(taken);
      bar.increment();
    }
  }
  bar.stop();
  const ceilingGflops = 96 * CEILING_ROUNDS / median(ceiling!.seconds) / 1e9;
  return await Promise.all(entries.map((entry) => describe(entry, ceilingGflops)));
}

async function openEntries(contest: Contest, python: string): Promise<Entry[]> {
  const cores = navigator.hardwareConcurrency;
  const stock = { ...contest, microBatch: 1, stock: true, workers: 0 }; // memory is short, too
  const entries = [
    await enter(STOCK, contest, ours(stock)),
    await enter("ours", contest, ours({ ...contest, workers: 0 })),
    await enter(`ours, ${cores} workers`, contest, ours({ ...contest, workers: cores })),
    await enter("PyTorch, 1 thread", contest, torch(python, { ...contest, threads: 1 })),
    await enter(
      `PyTorch, ${cores} threads`,
      contest,
      torch(python, { ...contest, threads: cores }),
    ),
  ];
  return entries.filter((entry) => entry !== undefined);
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
  const script = path("./contender.ts");
  return openContender(Deno.execPath(), ["run", "-A", script, JSON.stringify(settings)]);
}

function torch(python: string, settings: object): Promise<Contender | undefined> {
  const script = path("./torch_contender.py");
  return openContender(python, [script, JSON.stringify(settings)]);
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

type Row = Awaited<ReturnType<typeof describe>>;

/** The median of an entry's rounds, in the units people ask for. */
async function describe({ name, contest, contender, seconds }: Entry, ceilingGflops: number) {
  const { task, layers, width, heads, context, batch, steps } = contest;
  const secondsPerRound = median(seconds);
  const evaluations = task === "train" ? 1 : steps;
  const characters = batch * context;
  // PyTorch's takes every place through the whole model; ours, in the end, those asked for alone.
  const asked = name.startsWith("PyTorch") ? 1 : task === "train" ? 1 / 2 : 1 / steps;
  const work = characters * evaluations * flopsPerCharacter(contest, asked);
  const gflops = work / secondsPerRound / 1e9;
  return {
    task,
    size: `${layers} × ${width}, ${heads} heads, context ${context}`,
    batch,
    name,
    charactersPerSecond: Math.round(characters / secondsPerRound),
    secondsPerStep: secondsPerRound / evaluations,
    gflops,
    /** What one core could do at the most with 128-bit multiply-adds, measured in between. */
    ceilingGflops,
    peakBytes: await contender.peakBytes(),
  };
}

/**
 * Multiplications and additions in the model's matrix products, which is nearly all the work,
 * if `asked` is the share of places that look at the others in the last attention and go on
 * after it.
 */
function flopsPerCharacter({ task, layers, width, context }: Contest, asked: number): number {
  const spared = (1 - asked) * (2 * 9 * width ** 2 + 4 * context * width);
  const forward = layers * (2 * 12 * width ** 2 + 4 * context * width) - spared;
  return task === "train" ? 3 * forward : forward;
}

/** How ours compares, for each contest: at its best with the others' best. */
function ratios(rows: Row[]): Record<string, Record<string, number>> {
  const contests = Map.groupBy(rows, ({ task, size }) => `${task} ${size}`);
  return Object.fromEntries([...contests].map(([contest, entries]) => {
    const best = (name: RegExp) => {
      const named = entries.filter((entry) => name.test(entry.name));
      return Math.max(...named.map(({ charactersPerSecond }) => charactersPerSecond));
    };
    const all = {
      "ours / PyTorch": best(/^ours/) / best(/^PyTorch/),
      "ours / stock": best(/^ours/) / best(/^stock/),
      "workers / one thread": best(/workers$/) / best(/^ours$/),
    };
    const found = Object.entries(all).filter(([, ratio]) => ratio > 0 && ratio < Infinity);
    return [contest, Object.fromEntries(found)];
  }));
}

async function profile(size: typeof SIZES[number], json?: true): Promise<void> {
  const config = { ...size, vocabularySize: 65, causal: false };
  const ops = await profileStep(config, size.microBatch);
  if (json) console.log(JSON.stringify({ ops }));
  else {
    console.table(ops.map(({ op, calls, milliseconds, ofCeiling }) => ({
      op,
      calls,
      milliseconds: Number(milliseconds.toFixed(1)),
      "of a core's ceiling": ofCeiling ? `${Math.round(100 * ofCeiling)} %` : "",
    })));
  }
}

function show(rows: Row[]): void {
  console.table(rows.map((row) => ({
    task: row.task,
    size: row.size,
    batch: row.batch,
    name: row.name,
    "characters/s": row.charactersPerSecond,
    "s/step": Number(row.secondsPerStep.toPrecision(3)),
    GFLOPS: Number(row.gflops.toPrecision(3)),
    "of a core's ceiling": `${Math.round(100 * row.gflops / row.ceilingGflops)} %`,
    "peak MB": row.peakBytes && Math.round(row.peakBytes / 1e6),
  })));
  console.table(
    Object.entries(ratios(rows)).map(([contest, found]) => ({
      contest,
      ...Object.fromEntries(Object.entries(found).map(([name, x]) => [name, `${x.toFixed(2)}×`])),
    })),
  );
}

await runCommand(command);
