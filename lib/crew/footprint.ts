import { tf } from "dlm/backend/backend.ts";
import { mostAtOnce } from "dlm/crew/predictor.ts";
import { neighbourOffsets, type TransformerConfig } from "dlm/model.ts";

// How much memory a computation will need, before it starts. The constants were fitted to what
// models of 30,000 to 85 million parameters took, alone and in up to 8 Workers; the estimates are
// right to within a half.

/** What a computation will need, in bytes. */
export interface Footprint {
  /** Of the wasm backend's memory, in the thread that needs most. */
  heap: number;
  /** All in all, by what can be lowered: "a smaller batch". */
  parts: Readonly<Record<string, number>>;
}

/** What a training run is, as far as memory goes. */
export interface RunSize {
  config: TransformerConfig;
  /** `B`, sequences a step. */
  batch: number;
  /** Sequences that go through the model at once. */
  microBatch: number;
  /** How many Workers share a batch; 0 is this thread alone. */
  workers: number;
}

/** What a Worker takes before it has a model, and the wasm backend in it. */
const WORKER = 35e6;
const EMPTY_HEAP = 17e6;

/** What a training run will need: in its steps, when it is evaluated, and when it is saved. */
export function trainingFootprint({ config, batch, microBatch, workers }: RunSize): Footprint {
  const threads = Math.max(1, Math.min(workers, batch));
  const atOnce = Math.min(microBatch, Math.ceil(batch / threads));
  const model = parameterBytes(config);
  // Parameters and two gradients of them; the optimizer's memory, and what Muon works with, are shared.
  const state = model * (3 + 4 / threads);
  const learning = activationBytes(config, { kept: 33, other: 15, logits: 4 }, atOnce);
  const activations = Math.max(learning, model + predictionBytes(config));
  const heap = EMPTY_HEAP + state + activations;
  const shared = workers === 0 ? 0 : model * threads; // through which the Workers exchange gradients
  const saved = 11 * model; // the first parameters, and a checkpoint as arrays and as bytes
  const { context } = config;
  return {
    heap,
    parts: {
      "fewer layers or a smaller width": threads * state + shared + saved,
      "a smaller micro-batch or a shorter context": threads * activations,
      "a smaller batch": batch * (100 * context + 300), // packed, and shared out
      "fewer Workers": threads * EMPTY_HEAP + workers * WORKER,
    },
  };
}

/** What it will need to have a model answer in so many Workers. */
export function predictionFootprint(config: TransformerConfig, workers: number): Footprint {
  const model = parameterBytes(config);
  const heap = EMPTY_HEAP + model + predictionBytes(config);
  return {
    heap,
    parts: {
      "a smaller model": workers * (heap + model),
      "fewer Workers": workers * WORKER,
    },
  };
}

/**
 * Refuses what will not fit, before it starts.
 *
 * @param what such as "Training"
 * @throws {RangeError} if a thread needs more than WebAssembly has, or all of them more than is free
 */
export function checkFootprint(what: string, { heap, parts }: Footprint): void {
  const total = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const [largest] = Object.entries(parts).reduce((a, b) => b[1] > a[1] ? b : a);
  const free = freeMemory();
  const limit = tf.getBackend() === "wasm" && heap > HEAP
    ? `${amount(heap)} of memory in one thread, where WebAssembly has ${amount(HEAP)}`
    : total > free
    ? `${amount(total)} of memory, and ${amount(free)} are free`
    : undefined;
  if (limit === undefined) return;
  throw new RangeError(`${what} would take about ${limit}: choose ${largest}.`);
}

/** As much as WebAssembly addresses. */
const HEAP = 2 ** 32;

/** How much memory the machine has left, where that may be asked. */
function freeMemory(): number {
  const sys = { name: "sys", kind: "systemMemoryInfo" } as const;
  if (!("Deno" in globalThis) || Deno.permissions.querySync(sys).state !== "granted") {
    return Infinity;
  }
  return Deno.systemMemoryInfo().available;
}

function amount(bytes: number): string {
  return `${(bytes / 1e9).toLocaleString("en", { maximumFractionDigits: 1 })} GB`;
}

/** The parameters in float32, without a list of them, which could be endless. */
function parameterBytes({ vocabularySize, layers, width, causal }: TransformerConfig): number {
  const tables = (1 + neighbourOffsets(causal).length) * (vocabularySize + 1) + vocabularySize;
  return 4 * (tables * width + 12 * layers * width ** 2);
}

/** How many numbers are kept of each place: times the width in a block, times the width outside of
 * blocks, and times the vocabulary where a character is asked for. */
interface Kept {
  kept: number;
  other: number;
  logits: number;
}

function activationBytes(config: TransformerConfig, numbers: Kept, sequences: number): number {
  const { vocabularySize, layers, width, context, causal } = config;
  const { kept, other, logits } = numbers;
  const asked = causal ? 1 : 0.5; // of all places, in the mean
  const place = width * (kept * layers + other) + logits * asked * vocabularySize;
  const scores = 2 * context ** 2; // of one head of one sequence, and their gradient
  return 4 * (sequences * context * place + scores);
}

/** What it takes to answer, for as many sequences as go through a model at once. */
function predictionBytes(config: TransformerConfig): number {
  const sequences = mostAtOnce(config.context);
  return activationBytes(config, { kept: 18, other: 8, logits: 2 }, sequences);
}
