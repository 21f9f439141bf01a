import { join } from "node:path";
import type { Corpus } from "dlm/corpus.ts";
import type { Row } from "dlm/display/table.ts";
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { notebookRuns } from "dlm/training/known_models.ts";
import type { RunSettings } from "dlm/training/presets.ts";
import { type Run, startRun } from "dlm/training/run.ts";

/** A finished run: its text, and its row of the table. */
interface Entry {
  sha256: string;
  row: Row & { "bits per character": number };
}

/** What is remembered: the last so many. */
const MOST = 200;

/**
 * Remembers a run that has come to its end, in a file of the folder `runs`: what it was trained
 * with, for how long, and how good its model is. A run that was stopped is not remembered, nor one
 * of a causal twin, since they cannot be compared with others.
 *
 * @returns all runs of its text, as {@linkcode recordedRuns} gives them
 */
export async function recordRun(run: Run): Promise<Row[]> {
  const { corpus, settings, done: { step, seconds }, evaluation } = run;
  const finished = step >= (settings.steps ?? Infinity) ||
    seconds >= (settings.seconds ?? Infinity);
  if (finished && evaluation && !settings.causal) {
    const { layers, width, heads, context, batch, learningRate, matrixLearningRate } = settings;
    const { muon = true } = settings;
    const entries = await readEntries();
    const row = {
      run: 1 + Math.max(0, ...(await recordedRuns(corpus)).map(({ run }) => Number(run))),
      layers,
      width,
      heads,
      context,
      batch,
      "Muon's rate": muon ? `${matrixLearningRate}` : "off",
      "AdamW's rate": `${learningRate}`,
      seconds: Math.round(seconds),
      steps: step,
      "bits per character": evaluation.bitsPerCharacter,
      "±": evaluation.standardError,
    };
    const text = JSON.stringify([...entries, { sha256: corpus.sha256, row }].slice(-MOST));
    await writeFileAtomic(file(), new TextEncoder().encode(text));
  }
  return await recordedRuns(corpus);
}

/**
 * Trains a model for nothing but its row in the table.
 *
 * @throws {RangeError} if the settings make no sense
 * @throws {Interrupted} on Stop; then there is no row
 */
export async function trainAndRecord(corpus: Corpus, settings: RunSettings): Promise<void> {
  await using run = await startRun(corpus, settings);
  await Array.fromAsync(run.train());
  await recordRun(run);
}

/** The runs of a text that were remembered, in rows for `table()`: the best first. */
export async function recordedRuns({ sha256 }: Pick<Corpus, "sha256">): Promise<Row[]> {
  const rows = (await readEntries()).filter((entry) => entry.sha256 === sha256)
    .map(({ row }) => row);
  return rows.sort((a, b) => a["bits per character"] - b["bits per character"]);
}

function file(): string {
  return join(notebookRuns(), "runs.json");
}

/** A file that is missing or damaged is an empty table: it only holds notes. */
async function readEntries(): Promise<Entry[]> {
  try {
    const entries = JSON.parse(await Deno.readTextFile(file()));
    return Array.isArray(entries) ? entries.filter((entry) => entry?.row) : [];
  } catch {
    return [];
  }
}
