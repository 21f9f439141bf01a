import { tf } from "dlm/backend/backend.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * `tf.matMul` for products that are symmetric, such as `x · xᵀ` or that of two symmetric
 * matrices which commute: half the work where the backend has a kernel that can skip the other
 * half. It has no gradient.
 *
 * @param a `[…, R, K]`, or `[…, K, R]` if transposed
 * @param b `[…, K, R]`, or `[…, R, K]` if transposed
 * @returns `[…, R, R]`
 */
export function symmetricMatMul<T extends tf.Tensor>(
  a: T,
  b: T,
  transposeA: boolean = false,
  transposeB: boolean = false,
): T {
  return fused<T>("SymmetricMatMul", { a, b }, { transposeA, transposeB }) ??
    tf.matMul(a, b, transposeA, transposeB);
}
