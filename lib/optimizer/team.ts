import type { NamedVariables } from "dlm/backend/variables.ts";
import { tf } from "dlm/backend/backend.ts";
import { numbersOf, ownNumbers } from "dlm/backend/numbers.ts";
import { addTo } from "dlm/ops/add_to.ts";

/**
 * The learners who share the work of each step, as one of them sees it. They meet three times in
 * a step: when the gradients are in the slots, when the numbers are, and when the parameters are.
 * No more is needed, since what is written next lies elsewhere than what may still be read.
 */
export interface Team {
  /** Which of them this is, from 0 on … */
  rank: number;
  /** … of how many. */
  size: number;
  /** Memory that all of them see: for each an array that holds as many numbers as the model. Those
   * of its own share are for parameters, the others for gradients. */
  slots: readonly Float32Array[];
  /** A number of each of them. */
  numbers: Float32Array;
  /** Waits until all of them are here. */
  meet(): void;
}

/** A learner without others. */
export const ALONE: Team = {
  rank: 0,
  size: 1,
  slots: [],
  numbers: new Float32Array(1),
  meet() {},
};

/**
 * Whose some things are to look after, by their rank, given the work that each one makes. All
 * have about as much to do: the largest goes first, and each to whom has least until then.
 */
export function ownersOf(work: Record<string, number>, size: number): Record<string, number> {
  const loads = Array.from({ length: size }, () => 0);
  const owners: Record<string, number> = {};
  for (const [name, amount] of Object.entries(work).sort(([, a], [, b]) => b - a)) {
    const owner = loads.indexOf(Math.min(...loads));
    loads[owner]! += amount;
    owners[name] = owner;
  }
  return owners;
}

/**
 * The sums over the team of tensors of which everybody brings its own, for whoever looks after
 * them: its own and then the others', in their order.
 *
 * @param brought by name, the same names and sizes as the others'; disposed of
 * @param owners whose each of them is
 * @returns the sums of this one's, owned by the caller
 */
export function sumOverTeam(
  brought: Record<string, tf.Tensor>,
  owners: Record<string, number>,
  { rank, size, slots, meet }: Team,
): Record<string, tf.Tensor> {
  if (size === 1) return brought;
  const places = placesOf(brought);
  const sums = { ...brought };
  for (const [name, tensor] of Object.entries(brought)) {
    if (owners[name] === rank) continue;
    slots[rank]!.set(numbersOf(tensor), places[name]![0]);
    tensor.dispose();
    delete sums[name];
  }
  meet();
  const others = slots.filter((_, other) => other !== rank);
  for (const [name, own] of Object.entries(sums)) {
    for (const slot of others) {
      const part = tf.tensor(slot.subarray(...places[name]!), own.shape);
      sums[name] = addTo(sums[name]!, part);
      part.dispose();
    }
  }
  return sums;
}

/**
 * The sum of everybody's number, the same for all: each number is rounded to float32 where there
 * are others to tell it to, the sum is not.
 */
export function addOverTeam(number: number, { rank, size, numbers, meet }: Team): number {
  if (size === 1) return number;
  numbers[rank] = number;
  meet();
  return numbers.reduce((sum, part) => sum + part, 0);
}

/**
 * Gives the numbers of variables to the whole team.
 *
 * @param variables the same names and sizes as the others', set to what their owners have
 * @param owners whose each of them is
 */
export function spreadOverTeam(
  variables: NamedVariables,
  owners: Record<string, number>,
  { rank, size, slots, meet }: Team,
): void {
  if (size === 1) return;
  const places = placesOf(variables);
  for (const [name, variable] of Object.entries(variables)) {
    if (owners[name] === rank) slots[rank]!.set(numbersOf(variable), places[name]![0]);
  }
  meet();
  for (const [name, variable] of Object.entries(variables)) {
    const owner = owners[name]!;
    if (owner === rank) continue;
    ownNumbers(variable);
    numbersOf(variable).set(slots[owner]!.subarray(...places[name]!));
  }
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
  /** One float32 a Worker. */
  readonly numbers: SharedArrayBuffer;
  /** Two int32: how many Workers have arrived at the barrier, and how often it opened. */
  readonly barrier: SharedArrayBuffer;
}

/** Memory for `workers` Workers with at most `numbers` numbers each. */
export function createExchange(workers: number, numbers: number): Exchange {
  return {
    slots: Array.from({ length: workers }, () => new SharedArrayBuffer(4 * numbers)),
    numbers: new SharedArrayBuffer(4 * workers),
    barrier: new SharedArrayBuffer(8),
  };
}

/** The team as the Worker of that `rank` sees it; where it meets the others, it blocks. */
export function joinTeam(exchange: Exchange, rank: number): Team {
  const slots = exchange.slots.map((slot) => new Float32Array(slot));
  const numbers = new Float32Array(exchange.numbers);
  return { rank, size: slots.length, slots, numbers, meet: () => waitForAll(exchange) };
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
