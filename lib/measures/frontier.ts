import { listenForInterrupt } from "dlm/backend/interrupt.ts";
import { type Predictor, predictorOf } from "dlm/crew/predictor.ts";
import type { Denoiser } from "dlm/model.ts";
import type { Judge, Judgement } from "dlm/measures/quality.ts";
import { Rng } from "dlm/rng.ts";
import { copies, lastFrame, sample } from "dlm/sampler.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import type { DrawOptions } from "dlm/sampling/draw.ts";

/** One way to sample, to be compared with others. */
export interface Candidate {
  /** Its name; candidates of one name are one sampler under different settings. */
  name: string;
  sampler: Sampler;
}

/** What a sampler costs and what it gives. */
export interface FrontierPoint extends Judgement {
  name: string;
  /** How often the model read each text, on average. */
  evaluations: number;
}

/** Options for {@linkcode frontier}. */
export interface FrontierOptions extends DrawOptions {
  candidates: readonly Candidate[];
  judge: Judge;
  /** How many texts each candidate writes.
   * @default {32}
   */
  texts?: number;
  /** The length of each text.
   * @default {the model's context}
   */
  length?: number;
  /** The seed; it is the same for all candidates.
   * @default {1}
   */
  seed?: number;
}

/**
 * Lets samplers write with the same model and judges what they write, one after the other:
 * evaluations against quality, with its standard errors.
 *
 * @throws {RangeError} if there are to be no texts, if the model is causal and so fills in no
 * masks, or if an option of drawing makes no sense
 * @throws {Interrupted} on Ctrl-C, or on Stop in a notebook; what is unfinished is not judged
 */
export async function* frontier(
  model: Denoiser | Predictor,
  options: FrontierOptions,
): AsyncGenerator<FrontierPoint> {
  const predictor = predictorOf(model);
  const { candidates, judge, texts = 32, length = predictor.context, seed = 1 } = options;
  const { temperature, topK, topP } = options;
  const blank = new Int32Array(length).fill(predictor.vocabularySize);
  const templates = copies(blank, texts);
  using interrupt = listenForInterrupt();
  for (const [i, { name, sampler }] of candidates.entries()) {
    let readings = 0;
    const counted: Predictor = {
      ...predictor,
      logits(batch) {
        readings += batch.lengths.length;
        return predictor.logits(batch);
      },
    };
    const rng = new Rng(seed).stream("frontier");
    const drawing = { temperature, topK, topP, sampler, rng };
    const { sequences } = await lastFrame(sample(counted, templates, drawing));
    yield { name, evaluations: readings / texts, ...judge(sequences) };
    await interrupt.check(`after ${i + 1} of ${candidates.length} samplers`);
  }
}
