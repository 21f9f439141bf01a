import { tf } from "dlm/backend/backend.ts";

/** The base of the wavelengths, `2π · base^(2i / Dh)` places each (Su et al., 2021, use the same). */
export const ROTARY_BASE = 10_000;

/**
 * Rotary positions (Su et al., 2021, RoFormer): turns each pair of features by an angle
 * that grows with the position, so that the product of a query and a key depends on how
 * far apart they stand. The pairs are `(i, i + Dh/2)`.
 *
 * @param x `[…, T, Dh]` with an even `Dh`
 * @returns the same shape
 */
export function rotary<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => {
    const [length, features] = x.shape.slice(-2) as [number, number];
    const { cos, sin } = rotaryTurns(length, features); // [T, Dh/2] each
    const [a, b] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor]; // […, T, Dh/2] each
    const turned = [tf.add(tf.mul(a, cos), tf.mul(b, sin)), tf.sub(tf.mul(b, cos), tf.mul(a, sin))];
    return tf.concat(turned, -1) as T; // […, T, Dh]
  });
}

/**
 * Cosine and sine of the angle of each position and pair, `position / base^(2i / Dh)`:
 * `[T, Dh/2]` each.
 *
 * @throws {RangeError} if there is no place or no pair, or a feature without a partner
 */
export function rotaryTurns(
  length: number,
  features: number,
): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
  if (![length, features / 2].every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(
      `Cannot turn ${features} features in ${length} places: ` +
        `give a whole number of places, and an even number of features.`,
    );
  }
  const shape: [number, number] = [length, features / 2];
  if (!(latest?.length === length && latest.features === features)) {
    latest = { length, features, ...turnsOf(shape) };
  }
  return { cos: tf.tensor2d(latest.cos, shape), sin: tf.tensor2d(latest.sin, shape) };
}

/**
 * The numbers of the last table that was asked for, since every attention of a model wants the
 * same. They are no tensors, which somebody would have to dispose of.
 */
let latest: { length: number; features: number; cos: Float32Array; sin: Float32Array } | undefined;

function turnsOf([length, half]: [number, number]): { cos: Float32Array; sin: Float32Array } {
  const angles = Float32Array.from(
    { length: length * half },
    (_, i) => Math.floor(i / half) / ROTARY_BASE ** ((i % half) / half),
  );
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}
