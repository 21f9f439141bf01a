// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Self-attention one head of one sequence at a time, so that the scores of that head alone
// are ever in memory. The gradient computes them again from the same queries and keys
// instead of keeping them, as Dao et al. (2022, FlashAttention) do.

import { product } from "../product.ts";
import { dot, powers, scale } from "../row.ts";
import { read, write } from "../vector.ts";
import { normalise, normaliseGradient } from "./heads.ts";
import { at, findAsked, listPlaces } from "./places.ts";

/**
 * How many bytes of work memory `attention` and its gradient need: in numbers, queries and
 * keys of one sequence (length × heads · size each), two results of one head (length × size
 * each), weights and their gradients (length × length each), and four numbers a place.
 */
export function attentionWork(length: i32, heads: i32, size: i32): f64 {
  // Of a long text they may be more than a whole number of the kernels can count.
  return <f64> 4 * length * (<f64> 2 * length + 2 * heads * size + 2 * size + 4);
}

/**
 * What the places asked for see: a row of heads · size numbers for each of them.
 *
 * @param qkv queries, keys and values of batch · length places, side by side in one row
 * @param cos the cosines of the rotary angles, length × size/2
 * @param sin their sines
 * @param rows which rows of `qkv` are asked for, all different
 * @param count how many
 */
export function attention(
  qkv: usize,
  cos: usize,
  sin: usize,
  rows: usize,
  output: usize,
  count: i32,
  batch: i32,
  length: i32,
  heads: i32,
  size: i32,
  causal: bool,
  epsilon: f32,
  work: usize,
): void {
  const width = heads * size;
  const stride = 3 * width;
  const queries = work;
  const keys = queries + (length * width << 2);
  const mixed = keys + (length * width << 2);
  const weights = mixed + (length * size << 2);
  const shares = weights + (length * length << 2);
  const all = shares + (length << 2);
  const places = all + (length << 2);
  const indices = places + (length << 2);
  listPlaces(all, length);
  for (let b = 0; b < batch; b++) {
    const asked = findAsked(rows, count, b, length, places, indices);
    if (asked == 0) continue;
    const q = qkv + (b * length * stride << 2);
    const k = q + (width << 2);
    const v = k + (width << 2);
    normalise(q, cos, sin, places, asked, queries, length, heads, size, epsilon);
    normalise(k, cos, sin, all, length, keys, length, heads, size, epsilon);
    for (let h = 0; h < heads; h++) {
      const head = h * size << 2;
      const qh = queries + length * head;
      const kh = keys + length * head;
      weigh(qh, places, asked, kh, weights, shares, length, size, causal);
      product(weights, length, 1, v + head, stride, 1, mixed, size, asked, length, size, false);
      for (let i = 0; i < asked; i++) {
        const to = output + head + (at(indices, i) * width << 2);
        scale(mixed + (i * size << 2), to, load<f32>(shares + (i << 2)), size);
      }
    }
  }
}

/** The gradient with respect to `qkv`, from `output` and the gradient with respect to it. */
export function attentionGradient(
  qkv: usize,
  cos: usize,
  sin: usize,
  rows: usize,
  output: usize,
  outputGradient: usize,
  gradient: usize,
  count: i32,
  batch: i32,
  length: i32,
  heads: i32,
  size: i32,
  causal: bool,
  epsilon: f32,
  work: usize,
): void {
  const width = heads * size;
  const stride = 3 * width;
  const queries = work;
  const keys = queries + (length * width << 2);
  const dy = keys + (length * width << 2);
  const dqh = dy + (length * size << 2);
  const weights = dqh + (length * size << 2);
  const dWeights = weights + (length * length << 2);
  const shares = dWeights + (length * length << 2);
  const all = shares + (length << 2);
  const places = all + (length << 2);
  const indices = places + (length << 2);
  listPlaces(all, length);
  for (let b = 0; b < batch; b++) {
    const q = qkv + (b * length * stride << 2);
    const k = q + (width << 2);
    const v = k + (width << 2);
    const dq = gradient + (b * length * stride << 2);
    const dk = dq + (width << 2);
    const dv = dk + (width << 2);
    const asked = findAsked(rows, count, b, length, places, indices);
    if (asked < length) memory.fill(dq, 0, length * stride << 2);
    if (asked == 0) continue;
    normalise(q, cos, sin, places, asked, queries, length, heads, size, epsilon);
    normalise(k, cos, sin, all, length, keys, length, heads, size, epsilon);
    for (let h = 0; h < heads; h++) {
      const head = h * size << 2;
      const qh = queries + length * head;
      const kh = keys + length * head;
      weigh(qh, places, asked, kh, weights, shares, length, size, causal);
      // Scaling the rows of dy stands for scaling those of the weights, which are longer.
      for (let i = 0; i < asked; i++) {
        const from = outputGradient + head + (at(indices, i) * width << 2);
        scale(from, dy + (i * size << 2), load<f32>(shares + (i << 2)), size);
      }
      product(weights, 1, length, dy, size, 1, dv + head, stride, length, asked, size, false);
      product(dy, size, 1, v + head, 1, stride, dWeights, length, asked, size, length, false);
      for (let i = 0; i < asked; i++) {
        const y = output + head + (at(indices, i) * width << 2);
        const row = i * length << 2;
        softmaxGradient(weights + row, dWeights + row, dot(dy + (i * size << 2), y, size), length);
      }
      product(dWeights, length, 1, kh, size, 1, dqh, size, asked, length, size, false);
      for (let i = 0; i < asked; i++) {
        const to = dq + head + (at(places, i) * stride << 2);
        memory.copy(to, dqh + (i * size << 2), size << 2);
      }
      product(dWeights, 1, length, qh, size, 1, dk + head, stride, length, asked, size, false);
    }
    normaliseGradient(q, cos, sin, places, asked, queries, dq, length, heads, size, epsilon);
    normaliseGradient(k, cos, sin, all, length, keys, dk, length, heads, size, epsilon);
  }
}

/**
 * The exponential of each score, zero where a place may not look, and in `shares` the
 * number that scales each row to a sum of 1. No maximum is subtracted first: the scores of
 * normalised rows lie within ±√size, too small to overflow below a size of some 6000.
 */
function weigh(
  queries: usize,
  places: usize,
  count: i32,
  keys: usize,
  weights: usize,
  shares: usize,
  length: i32,
  size: i32,
  causal: bool,
): void {
  product(queries, size, 1, keys, 1, size, weights, length, count, size, length, false);
  for (let i = 0; i < count; i++) {
    const visible = causal ? at(places, i) + 1 : length;
    store<f32>(shares + (i << 2), <f32> 1 / powers(weights, weights, 0, visible));
    if (causal) memory.fill(weights + (visible << 2), 0, length - visible << 2);
    weights += length << 2;
  }
}

/** One row of the gradient of the scores, in place of the gradient of the weights. */
function softmaxGradient(weights: usize, gradient: usize, mean: f32, size: i32): void {
  const means = f32x4.splat(mean);
  for (; size >= 4; size -= 4, weights += 16, gradient += 16) {
    const change = f32x4.sub(v128.load(gradient), means);
    v128.store(gradient, f32x4.mul(v128.load(weights), change));
  }
  const change = f32x4.sub(read(gradient, size), means);
  write(gradient, f32x4.mul(read(weights, size), change), size);
}
