import * as Plot from "@observablehq/plot";
import { type Block, chartWidth, paragraph, stack, toSvg } from "dlm/display/_block.ts";
import { printable } from "dlm/display/glyphs.ts";
import { type Display, notebookDisplay } from "dlm/display/_notebook.ts";
import { maskedTextBlock, withDirection } from "dlm/display/frames/masked_text.ts";
import { type Bundle, jupyterDisplay, picture } from "dlm/display/picture.ts";
import { plotBlock } from "dlm/display/plot.ts";

/** What {@linkcode showTraining} shows of each step; a trainer's metrics may have more. */
export interface ShownMetrics {
  /** Which step, from 1 on. */
  step: number;
  /** Seconds of training so far. */
  seconds: number;
  /** How many characters were trained on so far. */
  characters: number;
  /** The share of the run that is done, in [0, 1]. */
  progress: number;
  /** The training loss, in nats per character, which may weigh characters as no bound does. */
  loss: number;
  /** The model on other text, when it was this step's turn. */
  validation?: { bitsPerCharacter: number; standardError: number };
  /** A text drawn from the model, when it was this step's turn; "▒" is a mask. */
  sample?: string;
}

/** Options for {@linkcode showTraining}. */
export interface ShowTrainingOptions {
  /** Shows a bundle, or puts it in the place of the one shown before.
   * @default {Deno.jupyter.display}
   */
  display?: Display;
  /** The time in milliseconds.
   * @default {performance.now}
   */
  now?: () => number;
}

/**
 * Shows a training run in a notebook while it lasts: one panel, updated in place, with
 * the progress, the speed, the time left, the loss curve and the latest sample. It drives
 * the run by asking for its metrics, and resolves to all of them.
 *
 * The panel is drawn at most twice a second and takes at most a twentieth of the time.
 * Only the last one, which stays in the notebook, is a PNG as well.
 *
 * @example
 * ```ts ignore
 * await using run = await startRun(corpus, { ...PRESETS.smoke, seed: 1 });
 * const history = await showTraining(run.train());
 * ```
 *
 * @throws {Error} outside a notebook, before the first step
 * @throws {Interrupted} on Stop, once the panel that stays is drawn
 */
export async function showTraining<Metrics extends ShownMetrics>(
  run: AsyncIterable<Metrics>,
  options: ShowTrainingOptions = {},
): Promise<Metrics[]> {
  const { display = ownDisplay(), now = () => performance.now() } = options;
  const panel = { display_id: crypto.randomUUID(), update: false };
  const history: Metrics[] = [];
  let due = -Infinity;
  try {
    for await (const metrics of run) {
      history.push(metrics);
      const start = now();
      if (start < due) continue;
      await display(draft(history), { ...panel });
      panel.update = true;
      due = now() + Math.max(500, 19 * (now() - start));
    }
  } finally {
    if (history.length > 0) await display(finished(history), panel);
  }
  return history;
}

/**
 * What to give to {@linkcode showTraining} where several runs follow one another: they share
 * one panel, each in the place of the run before it.
 *
 * @param display as {@linkcode ShowTrainingOptions} has it
 */
export function sharedPanel(
  display: Display = ownDisplay(),
): ShowTrainingOptions {
  const panel = { display_id: crypto.randomUUID(), update: false };
  return {
    async display(bundle) {
      await display(bundle, { ...panel });
      panel.update = true;
    },
  };
}

const ownDisplay = () => notebookDisplay("showTraining", "loop over the run's metrics yourself");

type History = readonly ShownMetrics[];

/** The panel while the run lasts. */
function draft(history: History): Bundle {
  const text = [...status(history), ...timeLeft(history)].join(" · ");
  return {
    "text/plain": text,
    "image/svg+xml": toSvg(draw(history, text), text),
  };
}

/** The panel that stays. */
function finished(history: History): Bundle {
  const headline = status(history).join(" · ");
  const sampled = lastWith("sample", history);
  const text = [headline, losses(history)];
  if (sampled) text.push(`${sampleTitle(sampled)}\n${printable(sampled.sample)}`);
  return picture(draw(history, headline), text.join("\n"))[jupyterDisplay]();
}

function draw(history: History, headline: string): Block {
  const blocks = [
    paragraph(headline),
    progressBar(history.at(-1)!.progress),
    lossCurve(history),
    paragraph(losses(history)),
  ];
  const sampled = lastWith("sample", history);
  if (sampled) {
    blocks.push(
      paragraph(sampleTitle(sampled)),
      withDirection(maskedTextBlock(sampled.sample, { columns: 80 }), sampled.sample),
    );
  }
  return stack(blocks);
}

/** How many of the last steps tell how things stand now. */
const recent = 20;

/** How far and how fast. */
function status(history: History): string[] {
  const last = history.at(-1)!;
  const first = history.at(-recent - 1) ?? history[0]!;
  const seconds = last.seconds - first.seconds;
  const done = [
    `step ${count(last.step)}`,
    `${Math.floor(100 * last.progress)} %`,
    duration(last.seconds),
  ];
  if (seconds <= 0) return done;
  return [
    ...done,
    `${((last.step - first.step) / seconds).toPrecision(3)} steps/s`,
    `${count((last.characters - first.characters) / seconds)} characters/s`,
  ];
}

/** The time left at the pace of the last steps, once there is a pace. */
function timeLeft(history: History): string[] {
  const last = history.at(-1)!;
  const first = history.at(-recent - 1) ?? history[0]!;
  const pace = (last.progress - first.progress) /
    (last.seconds - first.seconds);
  return pace > 0 ? [`${duration((1 - last.progress) / pace)} left`] : [];
}

function losses(history: History): string {
  const training = `training loss ${bits(history.slice(-recent)).toFixed(3)}`;
  const validated = lastWith("validation", history);
  if (!validated) return `Bits per character: ${training}`;
  const { step, validation } = validated;
  return `Bits per character: ${training}, validation ` +
    `${validation.bitsPerCharacter.toFixed(3)} ± ` +
    `${validation.standardError.toFixed(3)} at step ${count(step)}`;
}

function sampleTitle({ step }: ShownMetrics): string {
  return `A sample from the model of step ${count(step)}:`;
}

/** Training in means of equal parts of the run, validation with its standard error. */
function lossCurve(history: History): Block {
  const part = Math.ceil(history.length / 200);
  const parts = Array.from(
    { length: Math.floor(history.length / part) },
    (_, i) => history.slice(i * part, (i + 1) * part),
  );
  const training = parts.map((part) => ({
    step: part.at(-1)!.step,
    bits: bits(part),
  }));
  const validation = history.flatMap(({ step, validation }) =>
    validation ? [{ step, ...validation }] : []
  );
  return plotBlock({
    height: 240,
    x: { label: "step" },
    y: { label: "bits per character", grid: true },
    color: {
      domain: ["training loss", "validation"],
      range: [blue, red],
      legend: true,
    },
    marks: [
      Plot.lineY(training, { x: "step", y: "bits", stroke: blue }),
      Plot.ruleX(validation, {
        x: "step",
        y1: (d) => d.bitsPerCharacter - d.standardError,
        y2: (d) => d.bitsPerCharacter + d.standardError,
        stroke: red,
      }),
      Plot.lineY(validation, {
        x: "step",
        y: "bitsPerCharacter",
        stroke: red,
        marker: true,
      }),
    ],
  });
}

const [blue, red] = ["#4269d0", "#d9480f"];

function progressBar(progress: number): Block {
  const bar = (width: number, color: string) =>
    `<rect width="${Math.round(width)}" height="6" rx="3" fill="${color}"/>`;
  const markup = bar(chartWidth, "#e3e6ea") + bar(chartWidth * progress, blue);
  return { markup, width: chartWidth, height: 6 };
}

/** The mean training loss, in bits. */
function bits(history: History): number {
  const nats = history.reduce((sum, { loss }) => sum + loss, 0);
  return nats / history.length / Math.LN2;
}

/** The latest metrics that have what not every step has. */
function lastWith<Key extends "sample" | "validation">(
  key: Key,
  history: History,
): ShownMetrics & Required<Pick<ShownMetrics, Key>> | undefined {
  return history.findLast((metrics) => metrics[key] !== undefined) as
    | ShownMetrics & Required<Pick<ShownMetrics, Key>>
    | undefined;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Seconds as "42 s", "2 min 5 s" or "1 h 2 min". */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60)];
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes > 0) return `${minutes} min ${whole % 60} s`;
  return `${whole} s`;
}
