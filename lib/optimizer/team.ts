import type { NamedVariables } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { numbersOf } from "dlm/backend/numbers.ts";

/** The learners who share the work of each step, as one of them sees it. */
export interface Team {
  /** Which of them this is, from 0 on … */
  rank: number;
  /** … of how many. */
  size: number;
  /** Memory that all of them see: for each an array that holds as many numbers as the model. */
  slots: readonly Float32Array[];
  /** Waits until all of them are here. */
  meet(): void;
}

/** A learner without others. */
export const ALONE: Team = { rank: 0, size: 1, slots: [], meet() {} };

/**
 * Which of some things are this one's to look after, given the work that each one makes. All
 * have about as much to do: the largest goes first, and each to whom has least until then.
 */
export function shareOf(work: Record<string, number>, { rank, size }: Team): string[] {
  const loads = Array.from({ length: size }, () => 0);
  const owners = new Map<string, number>();
  for (const [name, amount] of Object.entries(work).sort(([, a], [, b]) => b - a)) {
    const owner = loads.indexOf(Math.min(...loads));
    loads[owner]! += amount;
    owners.set(name, owner);
  }
  return Object.keys(work).filter((name) => owners.get(name) === rank);
}

/**
 * The sums over the team of tensors of which everybody brings its own. They are added in the
 * order of the team, so that everybody would find the same bits.
 *
 * @param brought by name, the same names and sizes as the others'; disposed of
 * @param wanted which of them to add up
 * @returns the sums, owned by the caller
 */
export function sumOverTeam(
  brought: Record<string, tf.Tensor>,
  wanted: readonly string[],
  { rank, size, slots, meet }: Team,
): Record<string, tf.Tensor> {
  if (size === 1) return brought;
  const places = placesOf(brought);
  for (const [name, tensor] of Object.entries(brought)) {
    slots[rank]!.set(numbersOf(tensor), places[name]![0]);
  }
  meet();
  const sums = wanted.map((name) => {
    const sum = tf.zerosLike(brought[name]!);
    const numbers = numbersOf(sum);
    for (const slot of slots) {
      const part = slot.subarray(...places[name]!);
      for (let i = 0; i < numbers.length; i++) numbers[i]! += part[i]!;
    }
    return [name, sum];
  });
  tf.dispose(brought);
  meet(); // before anybody writes where another may still be reading
  return Object.fromEntries(sums);
}

/**
 * The sum of everybody's number, the same for all: each number is rounded to float32 where there
 * are others to tell it to, the sum is not.
 */
export function addOverTeam(number: number, { rank, size, slots, meet }: Team): number {
  if (size === 1) return number;
  slots[rank]![0] = number;
  meet();
  const sum = slots.reduce((sum, [part]) => sum + part!, 0);
  meet();
  return sum;
}

/**
 * Gives the numbers of variables to the whole team.
 *
 * @param variables the same names and sizes as the others', set to what their owners have
 * @param own the names of those whose owner is this one
 */
export function spreadOverTeam(
  variables: NamedVariables,
  own: readonly string[],
  { size, slots, meet }: Team,
): void {
  if (size === 1) return;
  const places = placesOf(variables);
  const common = slots[0]!; // one slot is enough: nobody writes where another does
  for (const name of own) common.set(numbersOf(variables[name]!), places[name]![0]);
  meet();
  for (const [name, variable] of Object.entries(variables)) {
    if (own.includes(name)) continue;
    tf.tidy(() => {
      const theirs = tf.zerosLike<tf.Tensor>(variable);
      numbersOf(theirs).set(common.subarray(...places[name]!));
      variable.assign(theirs);
    });
  }
  meet();
}

/** Where the numbers of each tensor start and end if they stand one after the other. */
function placesOf(
  tensors: Record<string, tf.Tensor>,
): Record<string, [start: number, end: number]> {
  let end = 0;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { size }]) => [name, [end, end += size]]),
  );
}

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
    slots: Array.from({ length: workers }, () => new SharedArrayBuffer(4 * numbers)),
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
