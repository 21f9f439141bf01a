import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { initialParameters, Transformer } from "dlm/model.ts";
import { createParallelReader } from "dlm/crew/parallel_reader.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample } from "dlm/sampler.ts";
import { readLogits } from "dlm/sampling/logits.ts";

// Workers read the library's files, so these run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

const config = { vocabularySize: 7, layers: 2, width: 16, heads: 2, context: 12, causal: false };

/** A model that has opinions: an untrained head would be zero. */
function opinionated(): Transformer {
  const parameters = initialParameters(config, new Rng(1));
  const rng = new Rng(2);
  parameters.head = parameters.head!.map(() => rng.normal());
  return new Transformer(config, parameters);
}

Deno.test(
  "createParallelReader() reads what the model says, whatever the number of Workers",
  { ignore },
  async () => {
    using model = opinionated();
    const question = {
      sequences: [[7, 1, 7, 2], [3, 7, 7, 7], [7, 7, 0, 6]].map((ids) => Int32Array.from(ids)),
      places: [[0, 2], [3], [1, 0]],
    };
    const expected = await readLogits(model, question);
    assert.equal(new Set(expected).size, 5 * 7, "no two logits are alike");
    for (const workers of [1, 2, 4]) { // of three sequences, one of four gets none
      using reader = await createParallelReader(model, { workers });
      assert.deepEqual(await reader.read(question), expected);
    }
  },
);

Deno.test("sample() writes the same texts through Workers", { ignore }, async () => {
  using model = opinionated();
  using reader = await createParallelReader(model, { workers: 2 });
  const templates = Array.from({ length: 5 }, () => new Int32Array(12).fill(7));
  const options = () => ({ steps: 6, rng: new Rng(3) });
  const alone = await lastFrame(sample(model, templates, options()));
  let questions = 0;
  const read: typeof reader.read = (question) => (questions++, reader.read(question));
  const together = await lastFrame(sample(model, templates, { ...options(), read }));
  assert.deepEqual(together.sequences, alone.sequences);
  assert.equal(questions, together.evaluations);
});

Deno.test("createParallelReader() ends with an error when a Worker fails", { ignore }, async () => {
  using model = opinionated();
  using reader = await createParallelReader(model, { workers: 2 });
  const sequences = [[7, 1], [7, 1, 2], [7, 1]].map((ids) => Int32Array.from(ids));
  const question = { sequences, places: [[0], [0], [0]] }; // the first two do not fit together
  await assert.rejects(reader.read(question), /Worker of the sampling run died/);
  await assert.rejects(reader.read(question), /Worker of the sampling run died/);
});

Deno.test("createParallelReader() throws if nobody is to read", async () => {
  using model = opinionated();
  for (const workers of [0, 1.5, NaN]) {
    await assert.rejects(createParallelReader(model, { workers }), RangeError);
  }
});

Deno.test(
  "createParallelReader() leaves no Worker behind when one does not start",
  { ignore },
  async () => {
    const program = `
      import { createParallelReader } from "dlm/crew/parallel_reader.ts";
      const model = { config: ${JSON.stringify(config)}, parameters: {} };
      await createParallelReader(model, { workers: 2 }).catch(() => console.log("did not start"));
    `;
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", program],
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      signal: AbortSignal.timeout(60_000), // a Worker that is left keeps the process alive
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "did not start\n");
    assert(success);
  },
);
