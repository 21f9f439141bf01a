/** Ours, lighter from one to the next. */
const OURS = ["#d9480f", "#f08c4b", "#f5b98a"];

/** Blue, green, purple, brown, pink, light blue, grey: those of Plot that nobody takes for ours. */
const OTHERS = ["#4269d0", "#3ca951", "#a463f2", "#9c6b4e", "#ff8ab7", "#97bbf5", "#9498a0"];

/**
 * A colour for each of some things that are compared. Those whose names begin with "our", such as
 * "our model", are orange in every chart, and nothing else is.
 */
export function colorsOf(names: readonly string[]): string[] {
  const [ours, others] = [OURS.values(), OTHERS.values()];
  const next = (name: string) => (isOurs(name) ? ours : others).next().value;
  return names.map((name) => next(name) ?? OTHERS.at(-1)!);
}

function isOurs(name: string): boolean {
  return /^our\b/.test(name);
}
