import { kernelsInUse } from "dlm/backend/backend.ts";
import type { KernelSet } from "dlm/backend/kernels/mod.ts";
import { packError, unpackError } from "dlm/crew/_errors.ts";
import type { Reply, Task } from "dlm/crew/_worker.ts";

/** A Worker that answers its tasks in turn. */
export interface Member extends Disposable {
  /**
   * @param moved memory of the task that is handed over and not copied
   * @throws {Error} what went wrong there, or that the Worker has died, or does before its answer
   */
  ask<Answer>(task: Task, moved?: ArrayBuffer[]): Promise<Answer>;
}

/** Starts a Worker, which uses the kernels of this thread: so all of a crew round alike. */
export function startMember(): Member {
  const worker = new Worker(new URL("./_worker.ts", import.meta.url), { type: "module" });
  const waiting: PromiseWithResolvers<unknown>[] = []; // for answers, which come in turn
  const expectAnswer = () => {
    const expected = Promise.withResolvers<unknown>();
    waiting.push(expected);
    return expected.promise;
  };
  const ready = expectAnswer().then(() => {
    const set = kernelsInUse().set as KernelSet; // this thread's backend is the Workers'
    worker.postMessage({ kind: "kernels", set } satisfies Task);
    return expectAnswer();
  });
  ready.catch(() => {}); // whoever asks hears of it
  let death: Error | undefined;
  const die = (cause: string) => {
    death ??= new Error(`A Worker died: ${cause}`);
    for (const { reject } of waiting.splice(0)) reject(death);
  };
  worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
    const { resolve, reject } = waiting.shift()!;
    if ("answer" in data) resolve(data.answer);
    else reject(unpackError(data.error));
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // it is reported through the promises
    die(event.message);
  });
  worker.addEventListener("messageerror", () => die("there was no memory for its answer"));
  return {
    async ask<Answer>(task: Task, moved: ArrayBuffer[] = []) {
      await ready;
      if (death) throw death;
      try {
        worker.postMessage(task, moved);
      } catch (error) {
        throw unpackError(packError(error)); // as when there is no memory for a copy
      }
      return await expectAnswer() as Answer;
    },
    [Symbol.dispose]() {
      worker.terminate();
      die("it was ended");
    },
  };
}
