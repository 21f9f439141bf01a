import { joinTeam } from "dlm/optimizer/team.ts";
import { answerTasks } from "dlm/crew/_worker.ts";
import { createLearner, type Learner } from "dlm/crew/learner.ts";
import type { Task } from "dlm/crew/parallel.ts";

// The program of a Worker of parallel.ts.

let learner: Learner;

answerTasks(async (task: Task) => {
  switch (task.kind) {
    case "start": {
      const { options, exchange, rank } = task;
      learner = createLearner(options, joinTeam(exchange, rank));
      return;
    }
    case "step":
      return await learner.step(task.batch, task.step);
    case "read":
      return await learner.read(task.part);
  }
});
