import assert from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };

const RUNS = Object.entries(deno.tasks).filter(([, command]) => command.startsWith("deno run "));

/** What the tasks may do, beyond reading and the environment. */
const allowed = (command: string) =>
  [...command.matchAll(/--allow-(\w+)(?:=([^ "\\]+))?/g)]
    .map(([, what, where]) => where ? `${what}=${where}` : what!)
    .filter((permission) => !/^(env|read)/.test(permission)).sort();

const SITE = "net=raw.githubusercontent.com";
const MEMORY = "sys=systemMemoryInfo"; // how much is left

Deno.test("no task may do everything, and none stops to ask", () => {
  for (const [name, command] of RUNS) {
    assert.doesNotMatch(command, / -A |--allow-all/, name);
    assert.match(command, /--no-prompt/, name);
  }
});

Deno.test("tasks that open the files of others start nothing and call no machine code", () => {
  const { sample, evaluate, export: exported, text } = deno.tasks;
  assert.deepEqual(allowed(sample), [MEMORY, "write=$INIT_CWD,data/cache"]);
  assert.deepEqual(allowed(evaluate), [SITE, MEMORY, "write=data/cache"]);
  assert.deepEqual(allowed(exported), ["write"]);
  assert.deepEqual(allowed(text), [SITE, "write=data"]);
});

Deno.test("only tasks that train call machine code, and the doctor who looks after it", () => {
  const calls = RUNS.filter(([, command]) => allowed(command).includes("ffi"));
  assert.deepEqual(calls.map(([name]) => name).sort(), ["bench", "doctor", "soak", "train"]);
  assert.deepEqual(allowed(deno.tasks.train), ["ffi", SITE, "run", MEMORY, "write"]);
  assert.deepEqual(allowed(deno.tasks.bench), ["ffi", SITE, "run", MEMORY, "write=data/cache"]);
  assert.deepEqual(allowed(deno.tasks.soak), ["ffi", "run", MEMORY, "write=data/cache"]);
  assert.deepEqual(allowed(deno.tasks.doctor), ["ffi", "run", "write=data/cache"]);
});

Deno.test("the packages that only tests and tools need are no part of what a task fetches", () => {
  const packages = ["assemblyscript/asc", "fast-check", "onnxruntime-web/", "puppeteer-core"];
  const scoped = Object.values(deno.scopes).flatMap(Object.keys);
  assert.deepEqual(scoped.sort(), packages);
  for (const name of packages) assert(!Object.hasOwn(deno.imports, name), name);
});
