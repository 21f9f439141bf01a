/** Memory through which Workers add up their gradients. */
export interface Exchange {
  /** One array of float32 a Worker. */
  readonly slots: readonly SharedArrayBuffer[];
  /** Two int32: how many Workers have arrived at the barrier, and how often it opened. */
  readonly barrier: SharedArrayBuffer;
}

/** Memory for `workers` Workers with at most `numbers` numbers each. */
export function createExchange(workers: number, numbers: number): Exchange {
  return {
    slots: Array.from(
      { length: workers },
      () => new SharedArrayBuffer(4 * numbers),
    ),
    barrier: new SharedArrayBuffer(8),
  };
}

/**
 * Adds up the arrays of all Workers: each brings its own and leaves with the sum. The
 * order of the additions is that of the Workers, so all of them get the same bits.
 *
 * Blocks until every Worker is through with it.
 */
export function allReduce(
  exchange: Exchange,
  rank: number,
  array: Float32Array,
): void {
  const slots = exchange.slots.map((slot) => new Float32Array(slot, 0, array.length));
  slots[rank]!.set(array);
  waitForAll(exchange);
  array.set(slots[0]!);
  for (const slot of slots.slice(1)) {
    for (let i = 0; i < array.length; i++) array[i]! += slot[i]!;
  }
  waitForAll(exchange); // the next call writes to slots that others may still be reading
}

function waitForAll({ slots, barrier }: Exchange): void {
  const [ARRIVED, OPENED] = [0, 1];
  const state = new Int32Array(barrier);
  const opened = Atomics.load(state, OPENED);
  if (Atomics.add(state, ARRIVED, 1) + 1 === slots.length) {
    Atomics.store(state, ARRIVED, 0);
    Atomics.add(state, OPENED, 1);
    Atomics.notify(state, OPENED);
  }
  while (Atomics.load(state, OPENED) === opened) {
    Atomics.wait(state, OPENED, opened);
  }
}
