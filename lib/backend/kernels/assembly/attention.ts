// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Self-attention one head of one sequence at a time, so that the scores of that head alone
// are ever in memory. The gradient computes them again from the same queries and keys
// instead of keeping them, as Dao et al. (2022, FlashAttention) do.

import { matmul } from "./matmul.ts";
import { dot, inverseRms, powers, scale } from "./row.ts";
import { multiplyAdd, read, write } from "./vector.ts";

/**
 * How many bytes of work memory `attention` and its gradient need: in numbers, queries and
 * keys of one sequence (length × heads · size each), shares of the output gradient of one
 * head (length × size), weights and their gradients (length × length each), and one number
 * a row.
 */
export function attentionWork(length: i32, heads: i32, size: i32): usize {
  return length * (2 * heads * size + size + 2 * length + 1) << 2;
}

/**
 * The output, a row of heads · size numbers for each of batch · length positions.
 *
 * @param qkv queries, keys and values of the same positions, side by side in one row
 * @param cos the cosines of the rotary angles, length × size/2
 * @param sin their sines
 */
export function attention(
  qkv: usize,
  cos: usize,
  sin: usize,
  output: usize,
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
  const weights = keys + (length * width << 2);
  const shares = weights + (length * length << 2);
  for (let b = 0; b < batch; b++) {
    const q = qkv + (b * length * stride << 2);
    const k = q + (width << 2);
    const v = k + (width << 2);
    const y = output + (b * length * width << 2);
    normalise(q, cos, sin, queries, length, heads, size, epsilon);
    normalise(k, cos, sin, keys, length, heads, size, epsilon);
    for (let h = 0; h < heads; h++) {
      const head = h * size << 2;
      const part = length * head;
      const vh = v + head;
      const yh = y + head;
      weigh(queries + part, keys + part, weights, shares, length, size, causal, scratch);
      matmul(weights, length, 1, vh, stride, 1, yh, width, length, length, size, scratch);
      for (let i = 0; i < length; i++) {
        const row = yh + (i * width << 2);
        scale(row, row, load<f32>(shares + (i << 2)), size);
      }
    }
  }
}

/** The gradient with respect to `qkv`, from `output` and the gradient with respect to it. */
export function attentionGradient(
  qkv: usize,
  cos: usize,
  sin: usize,
  output: usize,
  outputGradient: usize,
  gradient: usize,
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
  const weights = dy + (length * size << 2);
  const dWeights = weights + (length * length << 2);
  const shares = dWeights + (length * length << 2);
  for (let b = 0; b < batch; b++) {
    const q = qkv + (b * length * stride << 2);
    const k = q + (width << 2);
    const v = k + (width << 2);
    const dq = gradient + (b * length * stride << 2);
    const dk = dq + (width << 2);
    const dv = dk + (width << 2);
    const rows = b * length * width << 2;
    normalise(q, cos, sin, queries, length, heads, size, epsilon);
    normalise(k, cos, sin, keys, length, heads, size, epsilon);
    for (let h = 0; h < heads; h++) {
      const head = h * size << 2;
      const part = length * head;
      const qh = queries + part;
      const kh = keys + part;
      weigh(qh, kh, weights, shares, length, size, causal, scratch);
      // Scaling the rows of dy stands for scaling those of the weights, which are longer.
      for (let i = 0; i < length; i++) {
        const from = outputGradient + rows + head + (i * width << 2);
        scale(from, dy + (i * size << 2), load<f32>(shares + (i << 2)), size);
      }
      matmul(weights, 1, length, dy, size, 1, dv + head, stride, length, length, size, scratch);
      matmul(dy, size, 1, v + head, 1, stride, dWeights, length, length, size, length, scratch);
      for (let i = 0; i < length; i++) {
        const y = output + rows + head + (i * width << 2);
        const row = i * length << 2;
        softmaxGradient(weights + row, dWeights + row, dot(dy + (i * size << 2), y, size), length);
      }
      matmul(dWeights, length, 1, kh, size, 1, dq + head, stride, length, length, size, scratch);
      matmul(dWeights, 1, length, qh, size, 1, dk + head, stride, length, length, size, scratch);
    }
    normaliseGradient(q, cos, sin, queries, dq, length, heads, size, epsilon);
    normaliseGradient(k, cos, sin, keys, dk, length, heads, size, epsilon);
  }
}

/**
 * Turns each row of each head by its rotary angles and scales it to a root mean square of
 * size^-¼, so that the product of two such rows is their score. Goes through the heads of
 * one position after the other, because memory is read fastest in order.
 *
 * @param from the heads side by side, in rows of three times their width
 * @param to the heads one after the other, length × size each
 */
function normalise(
  from: usize,
  cos: usize,
  sin: usize,
  to: usize,
  length: i32,
  heads: i32,
  size: i32,
  epsilon: f32,
): void {
  const half = size / 2;
  const across = half << 2;
  const target = <f32> 1 / sqrt(sqrt(<f32> size));
  for (let i = 0; i < length; i++) {
    for (let h = 0; h < heads; h++) {
      const row = from + ((3 * heads * i + h) * size << 2);
      const result = to + ((length * h + i) * size << 2);
      // Turning changes no length, so this is also the root mean square of the turned row.
      const factors = f32x4.splat(target * inverseRms(row, size, epsilon));
      for (let j = 0; j < half; j += 4) {
        const at = j << 2;
        const left = half - j;
        const c = f32x4.mul(read(cos + at, left), factors);
        const s = f32x4.mul(read(sin + at, left), factors);
        const x = read(row + at, left);
        const y = read(row + across + at, left);
        write(result + at, multiplyAdd(x, c, f32x4.mul(y, s)), left);
        write(result + across + at, f32x4.sub(f32x4.mul(y, c), f32x4.mul(x, s)), left);
      }
    }
    cos += across;
    sin += across;
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
  for (let i = 0; i < length; i++) {
    for (let h = 0; h < heads; h++) {
      const offset = (3 * heads * i + h) * size << 2;
      const dRow = gradient + offset;
      const result = normalised + ((length * h + i) * size << 2);
      const inverse = inverseRms(from + offset, size, epsilon);
      const factors = f32x4.splat(target * inverse);
      // What of the gradient points along the row changes only its root mean square.
      const along = inverse / target * dot(dRow, result, size) / <f32> size;
      const alongs = f32x4.splat(along);
      for (let j = 0; j < half; j += 4) {
        const at = j << 2;
        const left = half - j;
        const c = read(cos + at, left);
        const s = read(sin + at, left);
        const gx = f32x4.mul(read(dRow + at, left), factors);
        const gy = f32x4.mul(read(dRow + across + at, left), factors);
        const x = f32x4.sub(gx, f32x4.mul(read(result + at, left), alongs));
        const y = f32x4.sub(gy, f32x4.mul(read(result + across + at, left), alongs));
        write(dRow + at, f32x4.sub(f32x4.mul(x, c), f32x4.mul(y, s)), left);
        write(dRow + across + at, multiplyAdd(x, s, f32x4.mul(y, c)), left);
      }
    }
    cos += across;
    sin += across;
  }
}

/**
 * The exponential of each score, zero where a position may not look, and in `shares` the
 * number that scales each row to a sum of 1. No maximum is subtracted first: the scores of
 * normalised rows lie within ±√size, too small to overflow below a size of some 6000.
 */
function weigh(
  queries: usize,
  keys: usize,
  weights: usize,
  shares: usize,
  length: i32,
  size: i32,
  causal: bool,
  scratch: usize,
): void {
  matmul(queries, size, 1, keys, 1, size, weights, length, length, size, length, scratch);
  for (let i = 0; i < length; i++) {
    const visible = causal ? i + 1 : length;
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
