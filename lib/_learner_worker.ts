/// <reference lib="deno.worker" />
import { allReduce } from "dlm/_exchange.ts";
import { createLearner, type Learner } from "dlm/learner.ts";
import type { Task } from "dlm/parallel.ts";

// The program of one Worker: answers the tasks of parallel.ts in turn.

let learner: Learner;

async function answer(task: Task): Promise<unknown> {
  switch (task.kind) {
    case "start": {
      const { options, exchange, rank } = task;
      learner = createLearner(options, {
        rank,
        size: exchange.slots.length,
        combine: (numbers) => allReduce(exchange, rank, numbers),
      });
      return;
    }
    case "step":
      return await learner.step(task.batch, task.step);
    case "read":
      return await learner.read(task.part);
  }
}

self.addEventListener("message", async ({ data }: MessageEvent<Task>) => {
  try {
    self.postMessage({ answer: await answer(data) });
  } catch (error) {
    self.postMessage({
      error: error instanceof Error ? error.message : String(error),
    });
  }
});

// A message that came while this module was still loading tfjs would be lost: ask for the first.
self.postMessage({ answer: "ready" });
