// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

/**
 * For each place of some sequences, `first` + the token that stands `offset` places further, or -1
 * beyond the end of the sequence.
 *
 * @param to where the first of these indices goes; the next is `step` indices further
 */
export function neighbourIndices(
  tokens: usize,
  to: usize,
  step: i32,
  batch: i32,
  length: i32,
  offset: i32,
  first: i32,
): void {
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < length; i++) {
      const j = i + offset;
      const isThere = j >= 0 && j < length;
      store<i32>(to, isThere ? first + load<i32>(tokens + (j << 2)) : -1);
      to += step << 2;
    }
    tokens += length << 2;
  }
}
