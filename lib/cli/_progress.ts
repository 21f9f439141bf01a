import { type Options, SingleBar } from "cli-progress";
import process from "node:process";

// A terminal that is closed in the middle ends no command that still has something to save.
process.stderr.on("error", () => {});

/**
 * Starts a progress bar on stderr, for a share that is done. It changes nothing about the terminal,
 * neither the cursor nor how lines wrap, so there is nothing to give back, however a command ends;
 * a line that is too long is cut.
 */
export function startBar(format: string, payload?: object): SingleBar & Disposable {
  const bar = progressBar(format, { clearOnComplete: true });
  bar.start(1, 0, payload);
  return Object.assign(bar, { [Symbol.dispose]: () => bar.stop() });
}

/** Such a bar that is yet to be started, and counts what it will; all of its line fits 80 columns. */
export function progressBar(format: string, options: Options = {}): SingleBar {
  return new SingleBar({ barsize: 16, ...options, format, linewrap: true });
}
