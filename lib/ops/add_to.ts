import { tf } from "dlm/backend/backend.ts";
import { hasOwnNumbers } from "dlm/backend/numbers.ts";
import { fused } from "dlm/ops/fused.ts";

/**
 * `sum + term`, in the memory of `sum` where the backend has a kernel for it: gradients are as
 * large as the model, and new memory for each sum of them would be more work than adding.
 *
 * @param sum disposed of, unless it is the result
 * @param term of the same shape
 */
export function addTo<T extends tf.Tensor>(sum: T, term: T): T {
  if (hasOwnNumbers(sum) && fused("AddTo", { sum, term })) return sum;
  const result = tf.add<T>(sum, term);
  sum.dispose();
  return result;
}
