/**
 * Runs the command in its arguments for as long as its own standard input is open, then kills it.
 * Whatever comes from there until then is a Stop, which goes on as the signal that Jupyter sends.
 *
 * A kernel does not notice that its client has gone, and a client that is killed cannot clean up;
 * but the pipe between them is closed by the system in any case.
 */
const [command, ...args] = Deno.args;
const child = new Deno.Command(command!, {
  args,
  stdin: "null",
  stdout: "null",
  stderr: "inherit",
}).spawn();
// Where Ctrl-C reaches the guard as well, whether to end is the client's to say.
Deno.addSignalListener("SIGINT", () => {});
child.status.then(({ code }) => Deno.exit(code));
for await (const _ of Deno.stdin.readable) child.kill("SIGINT");
child.kill("SIGKILL");
