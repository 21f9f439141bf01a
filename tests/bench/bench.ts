import { runCommand, wholeNumber } from "dlm/cli/_command.ts";
import { Command, Option } from "commander";
import { median } from "simple-statistics";
import { KERNEL_WISHES, kernelsInUse, useBackend } from "dlm/backend/backend.ts";
import { findAdapter } from "dlm/backend/webgpu/adapter.ts";
import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { progressBar } from "dlm/cli/_progress.ts";
import { openCeiling, openEntries, STOCK } from "./_entries.ts";
import { compareTraffic, showTraffic } from "./_launches.ts";
import { CEILING_ROUNDS, type Contest } from "./_process.ts";
import { compareProducts, showProducts } from "./_products.ts";
import { profileStep } from "./_profile.ts";
import { describe, ratios, show } from "./_result.ts";
import { findTorch, type Torch } from "./_torch.ts";

/**
 * The sizes compared: 0.9 million parameters, as many as a laptop's model has, and 8.0 million, which is
 * sampled with fewer evaluations, each of them as long, to spare everybody's time.
 */
const SIZES = [
  { layers: 4, width: 128, heads: 4, context: 128, batch: 32, microBatch: 16, steps: 64 },
  { layers: 10, width: 256, heads: 8, context: 128, batch: 64, microBatch: 8, steps: 4 },
];

/** How many texts are sampled at once. */
const SAMPLED = 64;

const TASKS = ["train", "sample", "products"] as const;

const command = new Command("bench")
  .description("Measures training, sampling and matrix products, against stock tfjs and PyTorch.")
  .addOption(
    new Option("--only <task>", "one of the three").choices(TASKS),
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
  .addOption(
    new Option("--backend <name>", "what computes: the graphics card, or the processor")
      .choices(["webgpu", "wasm"] as const).default("wasm" as const),
  )
  .option(
    "--profile",
    "instead, the milliseconds of each op in one training step; of a graphics card, its traffic",
  )
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const { layers, width, heads, context, batch, kernels, backend } = options;
    await useBackend("wasm", { kernels }); // whether it can, before anybody starts
    const card = backend === "webgpu" ? await nameOfCard() : undefined;
    const given = { layers, width, heads, context, batch };
    const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
    const sizes = Object.keys(asked).length > 0 ? [{ ...SIZES[0]!, ...asked }] : SIZES;
    if (options.profile) return await (card ? profileCard : profile)(sizes[0]!, options.json);
    // Products are measured on the processor alone.
    const tasks = options.only ? [options.only] : TASKS.slice(0, card ? -1 : undefined);
    const torch = await findTorch(options.python);
    const rows = [];
    for (const size of sizes) {
      for (const task of tasks) {
        if (task === "products") continue;
        const asked = { ...size, task, kernels, backend };
        const contest = task === "train" ? asked : { ...asked, batch: SAMPLED };
        rows.push(...await compare(contest, options.rounds, torch));
      }
    }
    const products = tasks.includes("products")
      ? await compareProducts(sizes, options.rounds, torch)
      : [];
    const version = torch?.version;
    if (options.json) {
      const found = { kernels: kernelsInUse().set, card, pytorch: version, rows, products };
      console.log(JSON.stringify({ ...found, ratios: ratios(rows) }));
    } else {
      console.log(`Kernels: ${kernelsInUse().set}`);
      if (card) console.log(`Graphics card: ${card}`);
      if (version) console.log(version);
      if (rows.length > 0) show(rows);
      if (products.length > 0) showProducts(products);
    }
  });

/** All contenders of one contest, taking their rounds in turn. */
async function compare(contest: Contest, rounds: number, torch?: Torch) {
  await using stack = new AsyncDisposableStack();
  const ceiling = await openCeiling(contest);
  const entries = await openEntries(contest, torch);
  const contenders = [ceiling!, ...entries];
  contenders.forEach(({ contender }) => stack.use(contender));
  const bar = progressBar("{bar} {value} of {total} rounds | {name}");
  bar.start(contenders.length * (rounds + 1), 0, { name: "" });
  using interrupt = listenForInterrupt();
  for (let round = 0; round <= rounds; round++) {
    for (const { name, contender, seconds } of contenders) {
      bar.update({ name });
      // The first round warms up; but stock tfjs is so slow that it takes no other.
      const counts = (round > 0) !== (name === STOCK);
      const reached = () => `in round ${round} of ${rounds}`;
      const taken = counts || round === 0 ? await interrupt.wait(contender.round(), reached) : NaN;
      if (counts) seconds.push(taken);
      bar.increment();
    }
    if (!Deno.stderr.isTerminal()) { // where the bar is silent
      const { task, layers, width } = contest;
      const name = round > 0 ? `round ${round} of ${rounds}` : "the round that warms up";
      console.error(`${task}, ${layers} × ${width}: ${name} is done.`);
    }
  }
  bar.stop();
  const ceilingGflops = 96 * CEILING_ROUNDS / median(ceiling!.seconds) / 1e9;
  return await Promise.all(entries.map((entry) => describe(entry, ceilingGflops)));
}

/** The name of the graphics card, after it has been opened: whether it can be, too. */
async function nameOfCard(): Promise<string> {
  await useBackend("webgpu");
  await useBackend("wasm");
  const adapter = await findAdapter();
  return adapter.kind === "none" ? "none" : adapter.name;
}

async function profileCard(size: typeof SIZES[number], json?: true): Promise<void> {
  const config = { ...size, vocabularySize: 65, causal: false };
  const traffic = await compareTraffic(config, size.microBatch);
  if (json) console.log(JSON.stringify(traffic));
  else showTraffic(traffic);
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

await runCommand(command);
