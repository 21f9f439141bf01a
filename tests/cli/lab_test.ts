import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inFolder } from "../_support.ts";
import { type Machine, machineIn, outcome } from "./_machine.ts";

// These start processes and install shell scripts, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted" ||
  Deno.build.os === "windows";

function testLab(name: string, run: (machine: Machine) => Promise<void>): void {
  Deno.test(name, { ignore }, () => inFolder(async (home) => run(await machineIn(home))));
}

testLab("lab says how to get a front end where there is none that works", async (machine) => {
  await machine.install("jupyter-lab", "exit 127"); // as a shim does whose program is not there
  const { code, err } = await outcome(machine.command("lab", []));
  assert.equal(code, 2);
  assert.match(
    err,
    /^There is no JupyterLab.*\n {2}pip install jupyterlab\n {2}VS Code .*Jupyter\.$/,
  );
  const files = await Array.fromAsync(Deno.readDir(machine.home), ({ name }) => name);
  assert.deepEqual(files, ["jupyter-lab"]);
});

testLab("lab installs the kernel and opens a notebook in the front end", async (machine) => {
  await machine.install("jupyter-notebook", 'echo "$@"');
  const notebooks = fileURLToPath(new URL("../../notebooks/", import.meta.url));
  const cases: [args: string[], told: string][] = [
    [[], "00_whole_idea.ipynb"],
    [["05"], "05_training.ipynb"],
    [["--port", "9999"], "00_whole_idea.ipynb --port 9999"],
    [["02_masking", "--port=9999", "--no-browser"], "02_masking.ipynb --port=9999 --no-browser"],
  ];
  for (const [args, told] of cases) {
    const { code, out, err } = await outcome(machine.command("lab", args));
    assert.equal(code, 0, err);
    assert.equal(out, `Opening Jupyter Notebook.\n${notebooks}${told}`);
  }
  const folders = [machine.home, `${machine.home}/.local/share`];
  const kernels = await Promise.all(
    folders.map((data) => Deno.stat(`${data}/jupyter/kernels/deno`).catch(() => null)),
  );
  assert.ok(kernels.some((found) => found?.isDirectory), "no kernel was installed");
});

testLab("lab refuses a notebook that is not there", async (machine) => {
  await machine.install("jupyter-lab", "");
  const { code, err } = await outcome(machine.command("lab", ["77"]));
  assert.equal(code, 2);
  assert.match(err, /^There is no notebook "77": expected .*\.$/);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  testLab(`no front end outlives a lab that gets ${signal}`, async (machine) => {
    await machine.install(
      "jupyter-lab",
      '[ "$1" = --version ] || { echo pid $$; exec /bin/sleep 600; }',
    );
    const lab = machine.command("lab", []).spawn();
    const reader = lab.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!/pid \d+\n/.test(said)) said += (await reader.read()).value;
    lab.kill(signal);
    assert.equal((await lab.status).code, 130);
    await Promise.all([reader.cancel(), lab.stderr.cancel()]);
    const pid = Number(/pid (\d+)/.exec(said)![1]);
    assert.throws(() => Deno.kill(pid, "SIGCONT"), "it lives on");
  });
}
