// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

/**
 * The fastest `matmul` that there is, of the same parameters: the one of this module, or machine
 * code outside of it, which computes on the same memory with wider vectors. It is imported under
 * the name of this file, `product`.
 */
export declare function product(
  a: usize,
  aRowStride: i32,
  aColumnStride: i32,
  b: usize,
  bRowStride: i32,
  bColumnStride: i32,
  c: usize,
  cRowStride: i32,
  rows: i32,
  depth: i32,
  columns: i32,
  symmetric: bool,
): void;
