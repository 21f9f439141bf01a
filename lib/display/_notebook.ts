import type { Bundle } from "dlm/display/picture.ts";

/** Which output of the notebook a bundle is, and whether it is there already. */
export interface DisplayOptions {
  display_id: string;
  update: boolean;
}

/** Shows a bundle, or puts it in the place of the one shown before. */
export type Display = (bundle: Bundle, options: DisplayOptions) => Promise<void>;

/**
 * How a notebook shows what is updated in place.
 *
 * @param what the function that draws, and `instead` what to do elsewhere
 * @throws {Error} outside a notebook
 */
export function notebookDisplay(what: string, instead: string): Display {
  try {
    const { display } = Deno.jupyter;
    return (bundle, options) => display(bundle, { raw: true, ...options });
  } catch (cause) {
    throw new Error(
      `${what}() draws in a notebook, and this is not one: ${instead}, or pass a display function.`,
      { cause },
    );
  }
}
