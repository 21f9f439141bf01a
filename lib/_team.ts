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

/** Which of `count` things are this one's to do: those from `begin` on and before `end`. */
export function shareOf(count: number, { rank, size }: Team): { begin: number; end: number } {
  const [begin, end] = [rank, rank + 1].map((n) => Math.floor(count * n / size));
  return { begin: begin!, end: end! };
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
