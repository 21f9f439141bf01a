/** How long a run may hold its breath: a reader who stops it should not have to wait. */
const BREATH = 100; // milliseconds

/** Whether the reader asked a long run to stop. */
interface Interrupt extends Disposable {
  readonly requested: boolean;
  /** Now and then lets in what waits outside, such as the request itself: a run that only
   * computes never gives way to it. */
  breathe(): Promise<void>;
}

/**
 * Listens for Ctrl-C in a terminal and for Stop in a notebook until disposed of, so that
 * a long run can end early with what it has instead of taking the process with it. A web
 * page has neither.
 */
export function listenForInterrupt(): Interrupt {
  let requested = false;
  let breathed = performance.now();
  const stop = () => {
    requested = true;
  };
  const listens = "Deno" in globalThis;
  if (listens) Deno.addSignalListener("SIGINT", stop);
  return {
    get requested() {
      return requested;
    },
    async breathe() {
      if (performance.now() - breathed < BREATH) return; // a pause takes a millisecond or more
      await new Promise((resolve) => setTimeout(resolve));
      breathed = performance.now();
    },
    [Symbol.dispose]: () => listens && Deno.removeSignalListener("SIGINT", stop),
  };
}
