/// <reference lib="deno.worker" />

/** Makes this thread, a Worker, somebody's teammate: it answers the tasks in turn. */
export function answerTasks<Task>(answer: (task: Task) => Promise<unknown>): void {
  self.addEventListener("message", async ({ data }: MessageEvent<Task>) => {
    try {
      self.postMessage({ answer: await answer(data) });
    } catch (error) {
      self.postMessage({
        error: error instanceof Error ? error.message : String(error),
      });
    }
  });
  // A message that came while the modules were still loading would be lost: ask for the first.
  self.postMessage({ answer: "ready" });
}
