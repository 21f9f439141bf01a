// What Ctrl-C in a terminal and Stop in a notebook do. Every long loop of the library listens while
// it runs. A Stop ends the loops that are running then: at its next check each of them throws
// `Interrupted`, so the whole cell or command ends, with one sentence that says how far it came, and
// nothing unfinished is taken for a result. Whoever can make something honest of what there is
// catches it: a training run that was stopped is still a model. A Stop that finds no loop is of no
// effect, not even later. A Jupyter kernel listens from the first import to its end, since SIGINT
// would kill it; a terminal listens only while a loop runs, and to one Ctrl-C, so that the next one
// ends the process at once. A web page has neither.

/** A long computation was stopped by its reader; the sentence says how far it came. */
export class Interrupted extends Error {
  override name = "Interrupted";
  /** @param reached such as "after step 20" */
  constructor(reached: string) {
    super(`Stopped ${reached}.`);
    this.stack = `${this.name}: ${this.message}`; // where it was is no news to who stopped it
  }
}

/** A loop that can be stopped. */
export interface Interrupt extends Disposable {
  /** Whether the reader has asked it to. */
  readonly requested: boolean;
  /** Now and then lets in what waits outside, such as the request itself: a run that only
   * computes never gives way to it. */
  breathe(): Promise<void>;
  /**
   * Breathes, and ends the loop if it was asked to.
   *
   * @param reached how far it came, as {@linkcode Interrupted} says it
   * @throws {Interrupted} if a Stop came
   */
  check(reached: string): Promise<void>;
  /**
   * What others find, in Workers or processes, waited for no longer than until a Stop.
   *
   * @param reached how far it has come by then
   * @throws {Interrupted} if a Stop came first
   */
  wait<Found>(found: Promise<Found>, reached: () => string): Promise<Found>;
}

/** How long a loop may hold its breath: a reader who stops it should not have to wait. */
const BREATH = 100; // milliseconds
let breathed = 0; // many short loops, one after the other, need air as well

/** The loops that run now, each with the way to stop it. */
const loops = new Set<() => void>();

/** Makes a loop listen for a Stop until it is disposed of. */
export function listenForInterrupt(): Interrupt {
  let requested = false;
  const request = Promise.withResolvers<void>();
  const stopLoop = () => {
    requested = true;
    request.resolve();
  };
  loops.add(stopLoop);
  listen(true);
  const breathe = async () => {
    if (performance.now() - breathed < BREATH) return; // a pause takes a millisecond or more
    await new Promise((resolve) => setTimeout(resolve));
    breathed = performance.now();
  };
  return {
    get requested() {
      return requested;
    },
    breathe,
    async check(reached) {
      await breathe();
      if (requested) throw new Interrupted(reached);
    },
    wait: (found, reached) =>
      Promise.race([
        found,
        request.promise.then(() => {
          throw new Interrupted(reached());
        }),
      ]),
    [Symbol.dispose]() {
      loops.delete(stopLoop);
      if (loops.size === 0) listen(inKernel);
    },
  };
}

function stop(): void {
  for (const stopLoop of loops) stopLoop();
  listen(inKernel);
}

const inKernel = isJupyterKernel();
let listening = false;
listen(inKernel);

function listen(on: boolean): void {
  if (on === listening || !("Deno" in globalThis)) return;
  listening = on;
  if (on) Deno.addSignalListener("SIGINT", stop);
  else Deno.removeSignalListener("SIGINT", stop);
}

function isJupyterKernel(): boolean {
  try {
    return Deno.jupyter !== undefined;
  } catch {
    return false; // elsewhere it may not even be looked at
  }
}
