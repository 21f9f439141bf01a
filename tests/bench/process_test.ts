import assert from "node:assert/strict";
import { openContender } from "./_process.ts";

// This starts processes, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

/** A contender that runs a program which knows where to leave its process id. */
async function open(program: string) {
  const path = await Deno.makeTempFile();
  const code = `Deno.writeTextFileSync(${JSON.stringify(path)}, String(Deno.pid)); ${program}`;
  const contender = await openContender(Deno.execPath(), ["eval", code]);
  const id = Number(await Deno.readTextFile(path));
  await Deno.remove(path);
  return { contender, id };
}

/** Whether a process is still there; a signal that it may ignore is sent to ask. */
function lives(id: number): boolean {
  try {
    Deno.kill(id, "SIGURG");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test(
  "a contender takes a round for each line, and ends when it is let go",
  { ignore },
  async () => {
    const { contender, id } = await open(`
    console.log("ready");
    for await (const _ of Deno.stdin.readable) console.log(0.25);
  `);
    {
      await using ready = contender!;
      assert.deepEqual([await ready.round(), await ready.round()], [0.25, 0.25]);
      assert(lives(id));
    }
    assert(!lives(id));
  },
);

Deno.test("a contender that is not ready is ended", { ignore }, async () => {
  const { contender, id } = await open(`
    console.log("not yet");
    setInterval(() => {}, 1000);
  `);
  assert.equal(contender, undefined);
  assert(!lives(id));
});

Deno.test(
  "a contender that ends before it is ready, or is no program, is none",
  { ignore },
  async () => {
    const { contender, id } = await open("Deno.exit(1);");
    assert.equal(contender, undefined);
    assert(!lives(id));
    assert.equal(await openContender("no-program-of-this-name", []), undefined);
  },
);

Deno.test("a contender has the environment that is given, and no other", { ignore }, async () => {
  Deno.env.set("DLM_HINDRANCE", "1");
  try {
    const { DLM_HINDRANCE: _, ...env } = Deno.env.toObject();
    const args = ["eval", `if (!Deno.env.has("DLM_HINDRANCE")) console.log("ready");`];
    assert.equal(await openContender(Deno.execPath(), args), undefined);
    await using ready = await openContender(Deno.execPath(), args, env);
    assert(ready);
  } finally {
    Deno.env.delete("DLM_HINDRANCE");
  }
});
