import type { NamedVariables } from "dlm/_variables.ts";
import { tf } from "dlm/backend/backend.ts";

/** The learners who share the work of each step, as one of them sees it. */
export interface Team {
  /** Which of them this is, from 0 on … */
  rank: number;
  /** … of how many. */
  size: number;
  /** Replaces numbers by their sum over all of them. */
  combine(numbers: Float32Array): void;
}

/** A learner without others. */
export const ALONE: Team = { rank: 0, size: 1, combine() {} };

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
 * The sums over the team of tensors of which everybody brings its own.
 *
 * @param own disposed of
 * @returns owned by the caller
 */
export async function sumOverTeam<T extends tf.Tensor>(own: T[], team: Team): Promise<T[]> {
  if (team.size === 1) return own;
  const numbers = new Float32Array(own.reduce((sum, { size }) => sum + size, 0));
  let offset = 0;
  for (const tensor of own) {
    numbers.set(await tensor.data(), offset);
    offset += tensor.size;
  }
  tf.dispose(own);
  team.combine(numbers);
  offset = 0;
  return own.map(({ shape, size }) =>
    tf.tensor(numbers.subarray(offset, offset += size), shape) as T
  );
}

/**
 * Gives all the numbers of variables to the whole team: each brings its `own`, and all leave
 * with the same.
 */
export async function spreadOverTeam(
  variables: NamedVariables,
  own: NamedVariables,
  team: Team,
): Promise<void> {
  if (team.size === 1) return;
  const brought = Object.entries(variables).map(([name, variable]) =>
    name in own ? tf.clone(variable) : tf.zerosLike(variable)
  );
  const sums = await sumOverTeam(brought, team);
  Object.values(variables).forEach((variable, i) => variable.assign(sums[i]!));
  tf.dispose(sums);
}
