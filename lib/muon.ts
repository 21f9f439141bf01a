import { mix } from "dlm/_mix.ts";
import { shareOf, sumOverTeam, type Team } from "dlm/_team.ts";
import type { NamedVariables } from "dlm/_variables.ts";
import { tf } from "dlm/backend/backend.ts";

/** How slowly the mean of the gradients forgets. */
const MOMENTUM = 0.95;
/** How often the polynomial is applied. */
const ITERATIONS = 5;
/** `a·σ + b·σ³ + c·σ⁵`: steep at 0, so that small singular values grow fast, and then it stays
 * within about 0.7 to 1.2, since nothing is gained by hitting 1. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
/** Keeps the direction finite where there is no gradient at all. */
const EPSILON = 1e-7;

/**
 * The nearest matrices with orthonormal rows, or columns if those are fewer, roughly: all
 * singular values of `U·S·Vᵀ` become about 1 (0.7 to 1.2), those of zero excepted.
 *
 * It takes matrix products alone: a Newton–Schulz iteration, which does to the singular
 * values what its polynomial does to numbers (Jordan et al., 2024, "Muon: An optimizer for
 * hidden layers in neural networks").
 *
 * @param matrices `[N, R, C]`
 * @returns `[N, R, C]`, owned by the caller
 */
export function orthogonalize(matrices: tf.Tensor3D): tf.Tensor3D {
  const [, rows, columns] = matrices.shape;
  const tall = rows > columns;
  return tf.tidy(() => {
    // No singular value is above the Frobenius norm, and the iteration wants none above 1.
    const norm = tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true)); // [N, 1, 1]
    let x = tf.div<tf.Tensor3D>(matrices, tf.add(norm, EPSILON));
    const first = tf.mul(tf.eye(Math.min(rows, columns)), A);
    for (let i = 0; i < ITERATIONS; i++) {
      x = tf.tidy(() => {
        const gram = tf.matMul(x, x, tall, !tall); // X·Xᵀ or Xᵀ·X, whichever is smaller
        const higher = tf.add(tf.mul(gram, B), tf.mul(tf.matMul(gram, gram), C));
        const polynomial = tf.add<tf.Tensor3D>(first, higher);
        return tall ? tf.matMul(x, polynomial) : tf.matMul(polynomial, x);
      });
    }
    return x;
  });
}

/**
 * Where Muon would move some parameters, apart from their weight decay: the running mean of
 * the gradient, seen one step ahead (Nesterov), and orthogonalised. A gradient's few large
 * singular values thus no longer drown the many small ones, and its size plays no role.
 *
 * A direction is as long as to change the outputs of its matrix by about 1, for inputs about 1:
 * vectors are rows here, `x @ matrix`, and `[R, C]` orthonormal rows spread the length of `R`
 * inputs over `C` outputs, so wide ones are multiplied by `sqrt(C / R)`.
 *
 * @param means the running means of the gradients, by parameter
 * @param gradients by parameter
 * @param team shares the work, if each of it has the same means and gradients
 * @returns the directions uphill, by parameter, owned by the caller
 */
export async function muonDirections(
  means: NamedVariables,
  gradients: Record<string, tf.Tensor>,
  team: Team,
): Promise<Record<string, tf.Tensor>> {
  const stacks = tf.tidy(() => {
    const matrices = Object.entries(means).flatMap(([name, mean]) => {
      mean.assign(mix(mean, gradients[name]!, MOMENTUM));
      const ahead = mix(mean, gradients[name]!, MOMENTUM);
      return tf.split(ahead, partsOf(name), 1).map((matrix) => ({ name, matrix }));
    });
    // Matrices of one shape go through together: few ops with much to do.
    return [...Map.groupBy(matrices, ({ matrix }) => `${matrix.shape}`).values()].map((alike) => ({
      names: alike.map(({ name }) => name),
      stack: tf.stack(alike.map(({ matrix }) => matrix)) as tf.Tensor3D, // [N, R, C]
    }));
  });
  const own = stacks.map(({ stack }) => orthogonalizeShare(stack, team));
  tf.dispose(stacks.map(({ stack }) => stack));
  const whole = await sumOverTeam(own, team);
  const directions = tf.tidy(() => {
    const parts = stacks.flatMap(({ names }, i) => {
      const [, rows, columns] = whole[i]!.shape;
      const size = Math.sqrt(Math.max(1, columns / rows));
      return tf.unstack(tf.mul(whole[i]!, size)).map((matrix, n) => [names[n]!, matrix] as const);
    });
    const named = Object.entries(Object.groupBy(parts, ([name]) => name));
    return Object.fromEntries(
      named.map(([name, parts]) => [name, tf.concat(parts!.map(([, matrix]) => matrix), 1)]),
    );
  });
  tf.dispose(whole);
  return directions;
}

/** A stack with the share of one member of the team orthogonalised, and zeros elsewhere. */
function orthogonalizeShare(stack: tf.Tensor3D, team: Team): tf.Tensor3D {
  const [count] = stack.shape;
  const { begin, end } = shareOf(count, team);
  return tf.tidy(() => {
    const found = orthogonalize(tf.slice(stack, begin, end - begin));
    return tf.pad(found, [[begin, count - end], [0, 0], [0, 0]]);
  });
}

/** How many matrices stand side by side in a parameter: queries, keys and values are three. */
function partsOf(name: string): number {
  return name.endsWith(".qkv") ? 3 : 1;
}
