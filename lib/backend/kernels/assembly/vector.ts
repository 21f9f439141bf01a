// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// Four numbers at a time. Most of it is inlined, as the comments tell the compiler: around a
// call V8 has to save all of a loop's vectors to memory, even if it is hardly ever made.

/** `a · b + sum`, rounded once where the build has relaxed SIMD and twice where not. @inline */
export function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(f32x4.mul(a, b), sum);
}

/** The next four of `left` numbers; if fewer are left, zeros after them. @inline */
export function read(from: usize, left: i32): v128 {
  return left >= 4 ? v128.load(from) : readLast(from, left, 0);
}

/** Fewer than four numbers, and `rest` in place of those missing. @inline */
export function readLast(from: usize, left: i32, rest: f32): v128 {
  let x = f32x4.splat(rest);
  if (left > 0) x = v128.load_lane<f32>(from, x, 0);
  if (left > 1) x = v128.load_lane<f32>(from, x, 1, 4);
  if (left > 2) x = v128.load_lane<f32>(from, x, 2, 8);
  return x;
}

/** Writes the next four of `left` numbers, or as many as are left. @inline */
export function write(to: usize, x: v128, left: i32): void {
  if (left >= 4) v128.store(to, x);
  else writeLast(to, x, left);
}

/** Writes fewer than four numbers. @inline */
function writeLast(to: usize, x: v128, left: i32): void {
  if (left > 0) v128.store_lane<f32>(to, x, 0);
  if (left > 1) v128.store_lane<f32>(to, x, 1, 4);
  if (left > 2) v128.store_lane<f32>(to, x, 2, 8);
}

/** The sum of the four. */
export function sumLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest of the four. */
export function maxLanes(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Writes the columns of four rows of four numbers as rows; the rows lie some bytes apart. @inline */
export function transpose4(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromBytes);
  const r2 = v128.load(from + 2 * fromBytes);
  const r3 = v128.load(from + 3 * fromBytes);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + toBytes, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * toBytes, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * toBytes, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
