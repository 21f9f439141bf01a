import { createTeammate } from "dlm/crew/_teammate.ts";
import { type NamedArrays, readAll } from "dlm/backend/variables.ts";
import type { Transformer, TransformerConfig } from "dlm/model.ts";
import type { LogitsReader, Question } from "dlm/sampling/logits.ts";

/** Several Workers that read the logits for a sampler. */
export interface ParallelReader extends Disposable {
  /** The logits that the model itself would give.
   *
   * @throws {Error} if a Worker dies
   */
  read: LogitsReader;
}

/** What a Worker is asked to do. */
export type Task =
  | { kind: "start"; config: TransformerConfig; parameters: NamedArrays }
  | { kind: "read"; question: Question };

/**
 * A model's copies in Workers, who share the sequences of every question among them: sampling
 * many texts takes less time, and the thread that called stays free. The texts do not change.
 *
 * @example
 * ```ts ignore
 * using reader = await createParallelReader(model, { workers: 2 });
 * const frames = sample(model, templates, { read: reader.read, rng: new Rng(1) });
 * ```
 *
 * @throws {RangeError} unless the number of Workers is a whole one of at least 1
 */
export async function createParallelReader(
  { config, parameters }: Transformer,
  { workers }: { workers: number },
): Promise<ParallelReader> {
  if (!(Number.isSafeInteger(workers) && workers >= 1)) {
    throw new RangeError(`${workers} Workers cannot read: give a whole number of at least 1.`);
  }
  const program = new URL("./_reader_worker.ts", import.meta.url);
  using starting = new DisposableStack(); // ends them all if one does not start
  const team = Array.from(
    { length: workers },
    () => starting.use(createTeammate<Task>(program, "sampling run")),
  );
  const start = { kind: "start" as const, config, parameters: await readAll(parameters) };
  await Promise.all(team.map((mate) => mate.ask(start)));
  const started = starting.move();
  return {
    async read({ sequences, places }) {
      const share = Math.ceil(sequences.length / workers);
      const parts = await Promise.all(team.map((mate, rank) => {
        const [from, to] = [rank * share, (rank + 1) * share];
        const own = { sequences: sequences.slice(from, to), places: places.slice(from, to) };
        if (own.sequences.length === 0) return new Float32Array();
        return mate.ask<Float32Array>({ kind: "read", question: own });
      }));
      const logits = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
      let offset = 0;
      for (const part of parts) {
        logits.set(part, offset);
        offset += part.length;
      }
      return logits;
    },
    [Symbol.dispose]: () => started.dispose(),
  };
}
