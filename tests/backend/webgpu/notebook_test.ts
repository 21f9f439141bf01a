import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startKernel } from "dlm/jupyter/kernel/kernel.ts";
import { adapter } from "../../_support.ts";

Deno.test("a notebook trains on the graphics card by one option, and sees nothing of it (webgpu)", {
  ignore: adapter.kind === "none" ||
    Deno.permissions.querySync({ name: "run" }).state !== "granted",
}, async () => {
  const directory = fileURLToPath(new URL("../../../notebooks/", import.meta.url));
  // As in a terminal without a display, of which a library of the system would complain.
  const environment = { DLM_BACKEND: "webgpu", XDG_RUNTIME_DIR: "" };
  await using kernel = await startKernel({ directory, environment });
  const { outputs } = await kernel.execute(`
    import { createCorpus, PRESETS, startRun, tf } from "dlm";
    const corpus = createCorpus("counting", "one two three four five six ".repeat(20));
    const sizes = { layers: 1, width: 8, heads: 1, context: 8, batch: 4, steps: 2 };
    await using run = await startRun(corpus, { ...PRESETS.smoke, ...sizes, seed: 1 });
    for await (const { step, loss } of run.train()) console.log(step, loss > 0);
    console.log(tf.getBackend());
  `);
  assert.deepEqual(
    outputs.map((output) => output.output_type === "stream" ? output.text : output),
    ["1 true\n2 true\nwebgpu\n"],
  );
});
