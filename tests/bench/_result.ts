import { median } from "simple-statistics";
import type { Entry } from "./_entries.ts";
import type { Contest } from "./_process.ts";

export type Row = Awaited<ReturnType<typeof describe>>;

/** The median of an entry's rounds, in the units people ask for. */
export async function describe(
  { name, contest, contender, seconds }: Entry,
  ceilingGflops: number,
) {
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

/**
 * How ours compares, for each contest: at its best with the others' best. PyTorch's row of 16 bits
 * does not count, as ours has 32.
 */
export function ratios(rows: Row[]): Record<string, Record<string, number>> {
  const contests = Map.groupBy(rows, ({ task, size }) => `${task} ${size}`);
  return Object.fromEntries([...contests].map(([contest, entries]) => {
    const best = (name: RegExp) => {
      const named = entries.filter((entry) => name.test(entry.name));
      return Math.max(...named.map(({ charactersPerSecond }) => charactersPerSecond));
    };
    const all = {
      "ours / PyTorch eager": best(/^ours/) / best(/^PyTorch, \d+ thread/),
      "ours / PyTorch compiled": best(/^ours/) / best(/^PyTorch compiled/),
      "ours / stock": best(/^ours/) / best(/^stock/),
      "workers / one thread": best(/workers$/) / best(/^ours$/),
      "webgpu / workers": best(/webgpu$/) / best(/workers$/),
      "webgpu / PyTorch on the card": best(/webgpu$/) / best(/^PyTorch( compiled)?, (cuda|mps)$/),
    };
    const found = Object.entries(all).filter(([, ratio]) => ratio > 0 && ratio < Infinity);
    return [contest, Object.fromEntries(found)];
  }));
}

export function show(rows: Row[]): void {
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
