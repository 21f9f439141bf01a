/** The first Deno whose kernel tells that a cell failed; older ones say nothing, and are waited for. */
const OLDEST = [2, 9, 1] as const;

/** What is wrong with the kernel of a Deno, as a sentence that says what to do; nothing if all is well. */
export function kernelFault(version: string): string | undefined {
  const parts = version.split(/[.-]/, 3).map(Number);
  const differing = OLDEST.findIndex((part, i) => parts[i] !== part);
  if (differing < 0 || parts[differing]! > OLDEST[differing]!) return undefined;
  return `The kernel of Deno ${version} hides the errors of cells, and notebooks need ${
    OLDEST.join(".")
  } or later: run deno upgrade, or put npx --yes deno@2.9.6 in the place of deno.`;
}
