import { answerTasks } from "dlm/crew/_worker.ts";
import { Transformer } from "dlm/model.ts";
import type { Task } from "dlm/crew/parallel_reader.ts";
import { readLogits } from "dlm/sampling/logits.ts";

// The program of a Worker of parallel_reader.ts.

let model: Transformer;

answerTasks(async (task: Task) => {
  switch (task.kind) {
    case "start":
      model = new Transformer(task.config, task.parameters);
      return;
    case "read":
      return await readLogits(model, task.question);
  }
});
