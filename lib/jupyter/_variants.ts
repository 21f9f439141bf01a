/** Cells with other hyperparameters: those that their comments suggest. */

const NUMBER = String.raw`-?\d[\d._]*(?:e-?\d+)?`;
const LIST = `${NUMBER}(?:, ${NUMBER})*`;

/** `const T = 64; // try 16, 256` */
const ONE = new RegExp(`^(const \\w+ = )${NUMBER}(;.*\\btry (${LIST}).*)$`);

/** `const [T, t] = [64, 0.5]; // try t = 0.1, 0.9` */
const SEVERAL = new RegExp(
  `^(const \\[(.+)\\] = \\[)(${LIST})(\\];.*\\btry (\\w+) = (${LIST}).*)$`,
);

/**
 * A cell as it is, and with the values that the comments behind its hyperparameters suggest: in
 * the second variant each has the first value after "try", in the third the second, and so on in
 * a circle. What is suggested in other words stays as it is.
 */
export function variants(source: string): string[] {
  const lines = source.split("\n").map(lineVariants);
  const count = Math.max(...lines.map((options) => options.length));
  return Array.from(
    { length: count },
    (_, i) => lines.map((options) => options[i % options.length]!).join("\n"),
  );
}

function lineVariants(line: string): string[] {
  const [, before, after, suggested] = ONE.exec(line) ?? [];
  if (suggested) return [line, ...suggested.split(", ").map((value) => before + value + after)];
  const [, start, names, values, end, name, others] = SEVERAL.exec(line) ?? [];
  const place = names?.split(", ").indexOf(name!) ?? -1;
  if (place < 0) return [line];
  const put = (value: string) => values!.split(", ").with(place, value).join(", ");
  return [line, ...others!.split(", ").map((value) => start + put(value) + end)];
}
