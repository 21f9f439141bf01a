// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Self-attention one head of one sequence at a time, so that the scores of that head alone
// are ever in memory. The gradient computes them again from the same queries and keys
// instead of keeping them, as Dao et al. (2022, FlashAttention) do.

import { matmul } from "./matmul.ts";
import { dot, inverseRms, powers, scale } from "./row.ts";
import { multiplyAdd, read, write } from "./vector.ts";

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
  scratch: usize,
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
      weigh(qh, places, asked, kh, weights, shares, length, size, causal, scratch);
      matmul(weights, length, 1, v + head, stride, 1, mixed, size, asked, length, size, scratch);
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
  scratch: usize,
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
      weigh(qh, places, asked, kh, weights, shares, length, size, causal, scratch);
      // Scaling the rows of dy stands for scaling those of the weights, which are longer.
      for (let i = 0; i < asked; i++) {
        const from = outputGradient + head + (at(indices, i) * width << 2);
        scale(from, dy + (i * size << 2), load<f32>(shares + (i << 2)), size);
      }
      matmul(weights, 1, length, dy, size, 1, dv + head, stride, length, asked, size, scratch);
      matmul(dy, size, 1, v + head, 1, stride, dWeights, length, asked, size, length, scratch);
      for (let i = 0; i < asked; i++) {
        const y = output + head + (at(indices, i) * width << 2);
        const row = i * length << 2;
        softmaxGradient(weights + row, dWeights + row, dot(dy + (i * size << 2), y, size), length);
      }
      matmul(dWeights, length, 1, kh, size, 1, dqh, size, asked, length, size, scratch);
      for (let i = 0; i < asked; i++) {
        const to = dq + head + (at(places, i) * stride << 2);
        memory.copy(to, dqh + (i * size << 2), size << 2);
      }
      matmul(dWeights, 1, length, qh, size, 1, dk + head, stride, length, asked, size, scratch);
    }
    normaliseGradient(q, cos, sin, places, asked, queries, dq, length, heads, size, epsilon);
    normaliseGradient(k, cos, sin, all, length, keys, dk, length, heads, size, epsilon);
  }
}

/**
 * Which of the rows asked for belong to sequence `b`: their places in it, and where in the list
 * of rows each of them stands.
 *
 * @returns how many
 */
function findAsked(
  rows: usize,
  count: i32,
  b: i32,
  length: i32,
  places: usize,
  indices: usize,
): i32 {
  let found = 0;
  for (let i = 0; i < count && found < length; i++) {
    const place = at(rows, i) - b * length;
    if (place < 0 || place >= length) continue;
    store<i32>(places + (found << 2), place);
    store<i32>(indices + (found << 2), i);
    found++;
  }
  return found;
}

/** Number `i` of a list of whole numbers. */
function at(list: usize, i: i32): i32 {
  return load<i32>(list + (i << 2));
}

/** Lists all places: 0, 1, 2 … */
function listPlaces(list: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<i32>(list + (i << 2), i);
}

/**
 * Turns the row of each head at some places by its rotary angles and scales it to a root mean
 * square of size^-¼, so that the product of two such rows is their score. Goes through the
 * heads of one place after the other, because memory is read fastest in order.
 *
 * @param from the heads side by side, in rows of three times their width
 * @param to the heads one after the other, length × size each
 */
function normalise(
  from: usize,
  cos: usize,
  sin: usize,
  places: usize,
  count: i32,
  to: usize,
  length: i32,
  heads: i32,
  size: i32,
  epsilon: f32,
): void {
  const half = size / 2;
  const across = half << 2;
  const target = <f32> 1 / sqrt(sqrt(<f32> size));
  for (let i = 0; i < count; i++) {
    const place = at(places, i);
    const angles = place * across;
    for (let h = 0; h < heads; h++) {
      const row = from + ((3 * heads * place + h) * size << 2);
      const result = to + ((length * h + i) * size << 2);
      // Turning changes no length, so this is also the root mean square of the turned row.
      const factors = f32x4.splat(target * inverseRms(row, size, epsilon));
      for (let j = 0; j < half; j += 4) {
        const byte = j << 2;
        const left = half - j;
        const c = f32x4.mul(read(cos + angles + byte, left), factors);
        const s = f32x4.mul(read(sin + angles + byte, left), factors);
        const x = read(row + byte, left);
        const y = read(row + across + byte, left);
        write(result + byte, multiplyAdd(x, c, f32x4.mul(y, s)), left);
        write(result + across + byte, f32x4.sub(f32x4.mul(y, c), f32x4.mul(x, s)), left);
      }
    }
  }
}

/**
 * Replaces the gradient with respect to the `normalised` heads, side by side in rows as the
 * heads in `from` are, by the one with respect to `from`.
 */
function normaliseGradient(
  from: usize,
  cos: usize,
  sin: usize,
  places: usize,
  count: i32,
  normalised: usize,
  gradient: usize,
  length: i32,
  heads: i32,
  size: i32,
  epsilon: f32,
): void {
  const half = size / 2;
  const across = half << 2;
  const target = <f32> 1 / sqrt(sqrt(<f32> size));
  for (let i = 0; i < count; i++) {
    const place = at(places, i);
    const angles = place * across;
    for (let h = 0; h < heads; h++) {
      const offset = (3 * heads * place + h) * size << 2;
      const dRow = gradient + offset;
      const result = normalised + ((length * h + i) * size << 2);
      const inverse = inverseRms(from + offset, size, epsilon);
      const factors = f32x4.splat(target * inverse);
      // What of the gradient points along the row changes only its root mean square.
      const along = inverse / target * dot(dRow, result, size) / <f32> size;
      const alongs = f32x4.splat(along);
      for (let j = 0; j < half; j += 4) {
        const byte = j << 2;
        const left = half - j;
        const c = read(cos + angles + byte, left);
        const s = read(sin + angles + byte, left);
        const gx = f32x4.mul(read(dRow + byte, left), factors);
        const gy = f32x4.mul(read(dRow + across + byte, left), factors);
        const x = f32x4.sub(gx, f32x4.mul(read(result + byte, left), alongs));
        const y = f32x4.sub(gy, f32x4.mul(read(result + across + byte, left), alongs));
        write(dRow + byte, f32x4.sub(f32x4.mul(x, c), f32x4.mul(y, s)), left);
        write(dRow + across + byte, multiplyAdd(x, s, f32x4.mul(y, c)), left);
      }
    }
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
  scratch: usize,
): void {
  matmul(queries, size, 1, keys, 1, size, weights, length, count, size, length, scratch);
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
