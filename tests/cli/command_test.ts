import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { progressBar } from "dlm/cli/_progress.ts";
import { inFolder } from "../_support.ts";
import { deno, ROOT } from "./_process.ts";

// These start processes, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const ENDINGS: [what: string, code: string, exit: number, sentence: RegExp][] = [
  ["bad input", `throw new RangeError("It is too long: shorten it.")`, 2, /^It is too long: sh/],
  ["a fault of ours", `null.width`, 70, /^This is a fault of the program \(TypeError: .*DLM_TRACE/],
  ["a RangeError of V8's", `(1).toFixed(200)`, 70, /^This is a fault of the program \(RangeError/],
  ["what is no error", `throw "a string"`, 70, /a string/],
  ["a promise that nobody waits for", `Promise.reject(new Error("late")); await long`, 70, /late/],
  ["an event handler", `setTimeout(() => { throw Error("later") }); await long`, 70, /later/],
  ["a buffer too large", `new ArrayBuffer(2 ** 52)`, 1, /^This takes more memory than there is/],
  ["an array too long", `new Array(2 ** 32)`, 1, /^This takes more memory than there is/],
  ["a stack too deep", `(function f() { f() })()`, 1, /^This takes more memory than there is/],
  ["a pipe that was closed", `throw new Deno.errors.BrokenPipe("Broken pipe")`, 0, /^$/],
  [
    "no permission",
    `throw new Deno.errors.NotCapable("Requires net access")`,
    2,
    /may not do this/,
  ],
];

/** A command that does something. */
const program = (code: string) => `
  import { runCommand } from "dlm/cli/_command.ts";
  import { Command } from "commander";
  const long = new Promise((done) => setTimeout(done, 20_000));
  await runCommand(new Command("try").action(async () => { ${code} }), []);`;

Deno.test("a command ends with one sentence and an exit code, whatever it meets", {
  ignore,
}, async (t) => {
  for (const [what, code, exit, sentence] of ENDINGS) {
    await t.step(what, async () => {
      const ended = await deno(ROOT, ["eval", "--quiet", "--ext=js", program(code)]);
      assert.equal(ended.code, exit, ended.stderr);
      assert.match(ended.stderr, sentence);
      assert.doesNotMatch(ended.stderr, /\n/, "one line");
      assert.equal(ended.stdout, "");
    });
  }
});

Deno.test("with DLM_TRACE a command shows where an error happened", { ignore }, async () => {
  const args = ["eval", "--quiet", "--ext=js", program("null.width")];
  const { code, stderr } = await deno(ROOT, args, { DLM_TRACE: "1" });
  assert.equal(code, 70);
  assert.match(stderr, /\n +at /);
});

Deno.test("what fails while a command is loaded is a sentence too", { ignore }, async () => {
  const args = ["run", "--no-check", "--quiet", "-A", "lib/cli/sample.ts"];
  const { code, stderr } = await deno(ROOT, args, { DLM_KERNELS: "none" });
  assert.equal(code, 2);
  assert.match(stderr, /^DLM_KERNELS is none[^\n]+\.$/);
});

Deno.test("paths count from where deno task was called, and are shown as they were given", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.txt`, "it was the best of times\n".repeat(40));
    const task = ["task", "--quiet", "--config", `${ROOT}deno.json`];
    const options = ["--baselines", "--json", "--corpus"];
    const found = await deno(folder, [...task, "evaluate", ...options, "text.txt"]);
    assert.equal(found.code, 0, found.stderr);
    const missing = await deno(folder, [...task, "evaluate", ...options, "sub/text.txt"]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /file "?sub\/text\.txt"?[:,]/);
  });
});

Deno.test("sample may write where one stands, and says so of other places", {
  ignore,
}, async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/here`);
    const sample = (gif: string) =>
      deno(
        `${folder}/here`,
        ["task", "--quiet", "--config", `${ROOT}deno.json`, "sample"]
          .concat("--model=laptop", "--length=8", "--steps=2", "--temperature=1", `--gif=${gif}`),
      );
    const inside = await sample("text.gif");
    assert.equal(inside.code, 0, inside.stderr);
    assert((await Deno.stat(`${folder}/here/text.gif`)).isFile);
    const outside = await sample("../text.gif");
    assert.equal(outside.code, 2);
    assert.notEqual(outside.stdout, "", "the text is lost");
    assert.match(
      outside.stderr,
      /^deno task sample may not do this \([^\n]+ --allow-write [^\n]+\.$/,
    );
  });
});

Deno.test("progressBar() leaves the cursor and the wrapping of lines alone", () => {
  let written = "";
  const stream = new Writable({ write: (chunk, _, done) => (written += chunk, done()) });
  Object.assign(stream, { isTTY: true, columns: 80, cursorTo() {}, clearLine() {} });
  const bar = progressBar("{bar} {percentage} %", { stream });
  bar.start(1, 0);
  bar.update(0.5);
  bar.stop();
  assert.match(written, / 50 %/);
  assert(!written.includes("\u001b[?"), "a setting of the terminal");
});
