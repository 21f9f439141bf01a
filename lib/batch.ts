/**
 * Some sequences with masks, and the places whose characters are asked for. A batch is packed
 * once, where its noise is drawn, and travels as it is: into the model, to the Workers, into
 * every measurement.
 */
export interface Batch {
  /** `[ΣT]`, the token ids of all sequences, one after the other. */
  readonly tokens: Int32Array;
  /** `[B]`, how long each sequence is. */
  readonly lengths: Int32Array;
  /** `[N]`, the places asked for, counted through all sequences: those of the first, then those
   * of the second, and so on. */
  readonly rows: Int32Array;
}

/** A batch with the truth about it: the loss is `Σ weight · -log p(target | tokens)`. */
export interface NoisyBatch extends Batch {
  /** `[N]`, the characters that stood in the places asked for. */
  readonly targets: Int32Array;
  /** `[N]`, how much the surprisal of each counts. */
  readonly weights: Float32Array;
}

/** A sequence and what noise made of it. */
export interface Reading {
  /** `x_0`, `T` token ids. */
  clean: Int32Array;
  /** `x_t`, the same with masks. */
  noisy: Int32Array;
  /** How much each place asked for counts, in comparison with those of other readings. */
  weight: number;
}

/** Options for {@linkcode packBatch}. */
export interface PackOptions {
  /** What all weights are divided by. */
  total: number;
  /** Whether a place is asked for, by what stands there. */
  asks(token: number): boolean;
}

/** Packs readings, each of whose places asked for weighs `weight / total`. */
export function packBatch(readings: readonly Reading[], options: PackOptions): NoisyBatch {
  const { total, asks } = options;
  const lengths = Int32Array.from(readings, ({ noisy }) => noisy.length);
  const tokens = new Int32Array(sum(lengths));
  const [rows, targets, weights]: number[][] = [[], [], []];
  let start = 0;
  for (const { clean, noisy, weight } of readings) {
    tokens.set(noisy, start);
    noisy.forEach((token, i) => {
      if (!asks(token)) return;
      rows!.push(start + i);
      targets!.push(clean[i]!);
      weights!.push(weight / total);
    });
    start += noisy.length;
  }
  return {
    tokens,
    lengths,
    rows: Int32Array.from(rows!),
    targets: Int32Array.from(targets!),
    weights: Float32Array.from(weights!),
  };
}

/** The sequences of a batch, as views. */
export function sequencesOf({ tokens, lengths }: Batch): Int32Array[] {
  let end = 0;
  return Array.from(lengths, (length) => tokens.subarray(end, end += length));
}

/** The length of the longest sequence of a batch; 0 if there is none. */
export function longestOf({ lengths }: Batch): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}

/** Several batches as one, their sequences one after the other. */
export function joinBatches(batches: readonly NoisyBatch[]): NoisyBatch {
  const starts = batches.map(({ tokens }) => tokens.length);
  let end = 0;
  starts.forEach((length, i) => (starts[i] = end, end += length));
  const rows = batches.map((batch, i) => batch.rows.map((row) => row + starts[i]!));
  return {
    tokens: join(Int32Array, batches.map(({ tokens }) => tokens)),
    lengths: join(Int32Array, batches.map(({ lengths }) => lengths)),
    rows: join(Int32Array, rows),
    targets: join(Int32Array, batches.map(({ targets }) => targets)),
    weights: join(Float32Array, batches.map(({ weights }) => weights)),
  };
}

/**
 * Some neighbouring sequences of a batch, as a batch with memory of its own: sent to a Worker, it
 * takes nothing along that is not in it.
 *
 * @param from the first sequence …
 * @param to … and the one after the last
 */
export function sliceBatch<B extends Batch>(batch: B, from: number, to: number): B {
  const start = sum(batch.lengths.subarray(0, from));
  return cut(batch, { from, to, start, end: start + sum(batch.lengths.subarray(from, to)) });
}

/**
 * A batch in parts that a model can read at once: neighbouring sequences of one length.
 *
 * @param most how many sequences a part has, at most
 */
export function* partsOf<B extends Batch>(batch: B, most: number): Generator<B> {
  const { lengths } = batch;
  let [from, start] = [0, 0];
  while (from < lengths.length) {
    const length = lengths[from]!;
    let to = from;
    while (to < lengths.length && to < from + most && lengths[to] === length) to++;
    const end = start + (to - from) * length;
    yield cut(batch, { from, to, start, end });
    [from, start] = [to, end];
  }
}

/** Where a part of a batch lies: its sequences, and their tokens. */
interface Cut {
  from: number;
  to: number;
  start: number;
  end: number;
}

function cut<B extends Batch>(batch: B, { from, to, start, end }: Cut): B {
  const { tokens, lengths, rows } = batch;
  const [first, last] = [firstOf(rows, start), firstOf(rows, end)];
  const part: Batch = {
    tokens: tokens.slice(start, end),
    lengths: lengths.slice(from, to),
    rows: rows.slice(first, last).map((row) => row - start),
  };
  if (!isNoisy(batch)) return part as B;
  const { targets, weights } = batch;
  const truth = { targets: targets.slice(first, last), weights: weights.slice(first, last) };
  return { ...part, ...truth } as Batch as B;
}

function isNoisy(batch: Batch): batch is NoisyBatch {
  return "targets" in batch;
}

/** Which of the rows is the first of the sequences that begin at `start`, by bisection. */
function firstOf(rows: Int32Array, start: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sum(numbers: Int32Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Arrays of numbers, one after the other. */
export function join<A extends Int32Array | Float32Array>(
  type: new (length: number) => A,
  arrays: readonly A[],
): A {
  const joined = new type(arrays.reduce((length, array) => length + array.length, 0));
  let end = 0;
  for (const array of arrays) {
    joined.set(array, end);
    end += array.length;
  }
  return joined;
}
