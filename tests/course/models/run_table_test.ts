import assert from "node:assert/strict";
import { inFreshProject } from "../_project.ts";

// The table is a file, so this runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

/** Two finished runs, one that is stopped, one of a twin and one of another text. */
const RECORDING = `
  import { createCorpus, PRESETS, recordedRuns, recordRun, startRun, trainAndRecord } from "dlm";
  const small = { ...PRESETS.smoke, layers: 1, width: 8, heads: 1, context: 8, batch: 4, workers: 0 };
  const rhyme = createCorpus("rhyme", "one for sorrow, two for joy, three for a girl\\n".repeat(20));
  const other = createCorpus("rhyme", "four for a boy, five for silver, six for gold\\n".repeat(20));
  const record = async (corpus, changes, stop = Infinity) => {
    await using run = await startRun(corpus, { ...small, seed: 1, steps: 2, ...changes });
    for await (const { step } of run.train()) if (step === stop) break;
    return await recordRun(run);
  };
  await record(rhyme, {});
  await record(rhyme, { evaluateEvery: 1 }, 1);
  await record(rhyme, { causal: true });
  await record(other, {});
  await trainAndRecord(rhyme, { ...small, seed: 1, steps: 60, muon: false });
  const kept = await recordedRuns(rhyme);
  const rows = await record(rhyme, { evaluateEvery: 1 }, 1); // a stopped run leaves the table as it is
  const file = "runs/notebooks/runs.json";
  const [entry] = JSON.parse(await Deno.readTextFile(file));
  const many = Array.from({ length: 200 }, (_, i) => ({ ...entry, row: { ...rows[0], run: i + 1 } }));
  await Deno.writeTextFile(file, JSON.stringify(many));
  for (let more = 0; more < 2; more++) await record(rhyme, {}); // the oldest make room
  const numbers = (await recordedRuns(rhyme)).map(({ run }) => run);
  await Deno.writeTextFile(file, "[null, 3, {}]");
  console.log(JSON.stringify([rows, kept, await recordedRuns(rhyme), numbers]));
`;

Deno.test(
  "recordRun() keeps a table of the finished runs of a text, the best first",
  { ignore },
  () =>
    inFreshProject(async (folder) => {
      await Deno.writeTextFile(`${folder}/record.ts`, RECORDING);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--quiet", "-A", "record.ts"],
        cwd: folder,
        env: { DLM_PRESET: "" },
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      const [rows, kept, damaged, numbers] = JSON.parse(new TextDecoder().decode(stdout));
      assert.deepEqual(rows.map((row: { run: number }) => row.run), [2, 1]);
      assert.deepEqual([rows[0]["Muon's rate"], rows[1]["Muon's rate"], rows[0].steps], [
        "off",
        "0.02",
        60,
      ]);
      assert(rows[0]["bits per character"] < rows[1]["bits per character"]);
      assert.deepEqual(kept, rows);
      assert.deepEqual(damaged, []);
      assert.deepEqual([numbers.length, new Set(numbers).size, Math.max(...numbers)], [
        200,
        200,
        202,
      ]);
    }),
);
