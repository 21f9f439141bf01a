import { beginning, type Corpus, loadCorpus } from "dlm/corpus.ts";
import { sharedPanel, showTraining, type ShowTrainingOptions } from "dlm/display/panel.ts";
import type { Choices } from "dlm/simple_dlm/choices.ts";
import { SMALL_TOY, startSimpleDlm } from "dlm/simple_dlm/run.ts";

/** Options for {@linkcode curvesByChoices} and {@linkcode bitsByChoices}. */
export interface CompareChoicesOptions {
  /** How many steps each run takes.
   * @default {those of SMALL_TOY}
   */
  steps?: number;
  /** Decides the first parameters, the windows drawn and the masks: the same for all runs.
   * @default {1}
   */
  seed?: number;
  /** Steps between measurements.
   * @default {all of them: only the end is measured}
   */
  evaluateEvery?: number;
  /** What they learn from.
   * @default {loadCorpus()}
   */
  corpus?: Corpus;
  /** Where the runs are shown, one in the place of the other.
   * @default {sharedPanel()}
   */
  panel?: ShowTrainingOptions;
}

/** What is measured at the end of a run is at most so many characters … */
const MOST_MEASURED = 50_000;
/** … and so many for each step, which keeps the measurement shorter than the training. */
const MEASURED_A_STEP = 170;

/**
 * Trains a {@linkcode SMALL_TOY} for each of some sets of choices, one after the other, and
 * measures all of them on the same text with the same masks.
 *
 * @example
 * ```ts ignore
 * const rotary = { ...SIMPLE_DLM, learnedPositions: false };
 * const curves = await curvesByChoices({ toy: SIMPLE_DLM, rotary }, { evaluateEvery: 50 });
 * ```
 *
 * @returns for each of them its steps and the bits per character after them
 * @throws {RangeError} if an option makes no sense
 * @throws {Interrupted} on Stop in a notebook
 */
export async function curvesByChoices(
  variants: Readonly<Record<string, Choices>>,
  options: CompareChoicesOptions = {},
): Promise<Record<string, [step: number, bits: number][]>> {
  const { steps = SMALL_TOY.steps, seed = 1, evaluateEvery = steps } = options;
  const { corpus: { validation, ...rest } = await loadCorpus(), panel = sharedPanel() } = options;
  const measured = Math.min(MOST_MEASURED, MEASURED_A_STEP * steps);
  const corpus = { ...rest, validation: beginning(validation, measured) };
  const evaluationWindows = Math.ceil(measured / SMALL_TOY.context); // on the way as at the end
  const settings = { ...SMALL_TOY, steps, seed, evaluateEvery, evaluationWindows };
  const curves: Record<string, [number, number][]> = {};
  for (const [name, choices] of Object.entries(variants)) {
    using run = startSimpleDlm(corpus, { ...settings, choices });
    const history = await showTraining(run.train(), panel);
    curves[name] = history.flatMap(({ step, validation }) =>
      validation ? [[step, validation.bitsPerCharacter]] : []
    );
  }
  return curves;
}

/**
 * The ends of the {@linkcode curvesByChoices}: bits per character after the last step.
 *
 * @throws as they do
 */
export async function bitsByChoices(
  variants: Readonly<Record<string, Choices>>,
  options: Omit<CompareChoicesOptions, "evaluateEvery"> = {},
): Promise<Record<string, number>> {
  const curves = Object.entries(await curvesByChoices(variants, options));
  return Object.fromEntries(curves.map(([name, curve]) => [name, curve.at(-1)![1]]));
}
