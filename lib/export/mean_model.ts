import type { Checkpoint } from "dlm/training/checkpoint_format.ts";

/**
 * Two checkpoints as one finished model, each of whose numbers is the mean of theirs. If one went
 * on from the other, both may lie in one valley of the loss, on opposite slopes, and it is lower
 * between them (Izmailov et al., 2018, SWA; Wortsman et al., 2022, model soups).
 *
 * @throws {RangeError} if they are of different sizes, or learned from different texts
 */
export function meanModel(one: Checkpoint, other: Checkpoint): Checkpoint {
  const { training: _, kernels: __, ...model } = one;
  const told = ({ config, characters, corpus }: Checkpoint) =>
    JSON.stringify([Object.entries(config).sort(), characters, corpus.sha256]);
  if (told(one) !== told(other)) {
    throw new RangeError(
      "Only models of one size that learned from one text have a mean: " +
        "name one that went on from the other.",
    );
  }
  const average = Object.fromEntries(
    Object.entries(one.average).map(([name, numbers]) => {
      const others = other.average[name]!;
      return [name, numbers.map((value, i) => (value + others[i]!) / 2)];
    }),
  );
  return { ...model, average };
}
