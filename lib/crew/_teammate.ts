/** A Worker that answers one question at a time. */
export interface Teammate<Task> extends Disposable {
  /** @throws {Error} if it has died, or does before it has an answer */
  ask<Answer>(task: Task): Promise<Answer>;
}

/**
 * Starts a Worker.
 *
 * @param program the module that it runs, which calls `answerTasks` of `_worker.ts`
 * @param run what it works for, to be named if it dies
 */
export function createTeammate<Task>(program: URL, run: string): Teammate<Task> {
  const worker = new Worker(program, { type: "module" });
  let pending = Promise.withResolvers<unknown>(); // at first, that it is ready
  const ready = pending.promise;
  let death: Error | undefined;
  const fail = (message: string) => {
    death = new Error(`A Worker of the ${run} died: ${message}`);
    pending.reject(death);
  };
  worker.addEventListener("message", ({ data }) => {
    if ("error" in data) fail(data.error);
    else pending.resolve(data.answer);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // it is reported through the promise
    fail(event.message);
  });
  return {
    async ask<Answer>(task: Task) {
      await ready;
      if (death) throw death;
      pending = Promise.withResolvers<unknown>();
      worker.postMessage(task);
      return await pending.promise as Answer;
    },
    [Symbol.dispose]() {
      worker.terminate();
      fail("it was ended");
      pending.promise.catch(() => {}); // nobody may be waiting
    },
  };
}
