import type { Team } from "dlm/_team.ts";

/** Memory through which Workers work together. */
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

/** The team as the Worker of that `rank` sees it; where it meets the others, it blocks. */
export function joinTeam(exchange: Exchange, rank: number): Team {
  const slots = exchange.slots.map((slot) => new Float32Array(slot));
  return { rank, size: slots.length, slots, meet: () => waitForAll(exchange) };
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
