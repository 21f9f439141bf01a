import { Interrupted } from "dlm/backend/interrupt.ts";
import type { Denoiser } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";
import type { TrainMetrics } from "dlm/trainer.ts";

/** What one step of a training run has to tell, and what the model then writes. */
export interface SampledMetrics extends TrainMetrics {
  /** A text drawn from the averaged model, when it was evaluated in this step. */
  sample?: string | undefined;
}

/** A training run that has a model to show, such as `startRun()` gives. */
export interface SampledRun {
  train(): AsyncIterable<TrainMetrics>;
  /** The model as it now is, owned by the caller. */
  model(): Promise<Denoiser & Disposable>;
}

/**
 * Trains to the end of a run's budget, with a text from the model beside every evaluation, unless
 * it is a causal one, which fills in no masks. The texts are all drawn with the same random
 * numbers, so that one sees the model change and not the dice.
 *
 * @throws {Interrupted} as the run; a text that is stopped is left out
 */
export async function* withSamples(
  run: SampledRun,
  tokenizer: CharTokenizer,
): AsyncGenerator<SampledMetrics> {
  for await (const metrics of run.train()) {
    yield metrics.validation ? { ...metrics, sample: await write(run, tokenizer) } : metrics;
  }
}

async function write(run: SampledRun, tokenizer: CharTokenizer): Promise<string | undefined> {
  using model = await run.model();
  if (model.causal) return;
  const blank = new Int32Array(model.context).fill(tokenizer.maskId);
  try {
    const { sequences } = await lastFrame(sample(model, [blank], { rng: new Rng(1) }));
    return tokenizer.decode(sequences[0]!);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error; // the run hears of it too
  }
}
