import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Connection, drawConnection } from "dlm/jupyter/kernel/_connection.ts";
import { openZmtp } from "dlm/jupyter/kernel/_zmtp.ts";
import { KernelError, startKernel, type StartOptions } from "dlm/jupyter/kernel/kernel.ts";

// This starts kernels, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const hostname = "127.0.0.1";
const directory = fileURLToPath(new URL("../../", import.meta.url));

/** Starts a kernel with connections that `change` has changed; counts the tries. */
async function start(
  change: (connection: Connection, attempt: number) => Connection,
  options: StartOptions = {},
  folder = directory,
) {
  let attempts = 0;
  const draw = () => change(drawConnection(), ++attempts);
  const kernel = await startKernel({ directory: folder }, { draw, ...options })
    .catch((error: Error) => error);
  return { kernel, attempts };
}

/** Asserts that the first try fails, and that no other follows it. */
async function assertGivesUp(
  expected: { name: string; message?: RegExp },
  ...args: Parameters<typeof start>
): Promise<void> {
  const { kernel: error, attempts } = await start(...args);
  assert(error instanceof Error, "the kernel started");
  assert.equal(error.name, expected.name);
  if (expected.message) assert.match(error.message, expected.message);
  assert.equal(attempts, 1);
}

/** A program on a port, which takes connections and says `words`. */
function occupy(port: number, words = ""): Disposable {
  const listener = Deno.listen({ hostname, port });
  const connections: Deno.Conn[] = [];
  (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      await connection.write(new TextEncoder().encode(words));
    }
  })();
  return {
    [Symbol.dispose]() {
      listener.close();
      connections.forEach((connection) => connection.close());
    },
  };
}

Deno.test("nothing that a stranger can hear tells the key", { ignore }, async () => {
  const connection = drawConnection();
  await using kernel = await startKernel({ directory }, { draw: () => connection });
  using stranger = await openZmtp(
    await Deno.connect({ hostname, port: connection.iopub_port }),
    "SUB",
  );
  const heard: string[] = [];
  const listening = (async () => {
    while (true) {
      const frames = await stranger.receive();
      heard.push(...frames.map((frame) => new TextDecoder().decode(frame)));
    }
  })().catch(() => {}); // the kernel's end
  for (let i = 0; i < 100 && !heard.join().includes('"idle"'); i++) {
    await kernel.execute(`"cell " + ${i}`); // what is said before the kernel knows of a stranger is lost
  }
  await kernel.execute('"the last " + "cell"');
  await kernel[Symbol.asyncDispose]();
  await listening;
  const all = heard.join("\n");
  assert.match(all, /"execute_input"/);
  assert.match(all, /the last cell/);
  assert(!all.includes(connection.key), "the key was told");
});

Deno.test(
  "the connection file is private before the key is in it, and gone when the kernel answers",
  { ignore: ignore || Deno.build.os === "windows" },
  async () => {
    const { writeTextFile } = Deno;
    const files: { path: string; mode: number }[] = [];
    Deno.writeTextFile = async (...args) => {
      const path = String(args[0]);
      files.push({ path, mode: (await Deno.stat(path)).mode! & 0o777 });
      await writeTextFile(...args);
    };
    const mask = Deno.umask(0); // the usual one would keep some out of any file
    try {
      await using _kernel = await startKernel({ directory });
      assert.deepEqual(files.map(({ mode }) => mode), [0o600]);
      await assert.rejects(Deno.stat(files[0]!.path), Deno.errors.NotFound);
    } finally {
      Deno.umask(mask);
      Deno.writeTextFile = writeTextFile;
    }
  },
);

Deno.test("startKernel() starts where the loader of libraries has variables", {
  ignore: ignore || Deno.build.os === "windows",
}, async () => {
  const environment = { LD_BIND_NOW: "1" }; // Deno lets no program with it start that a list allows
  await using _kernel = await startKernel({ directory, environment });
});

Deno.test(
  "startKernel() says that a Deno is too old before it starts one",
  { ignore },
  async () => {
    const { version } = Deno;
    Object.defineProperty(Deno, "version", { value: { ...version, deno: "2.8.3" } });
    try {
      await assert.rejects(
        startKernel({ directory }),
        /^RangeError: The kernel of Deno 2\.8\.3 .* need 2\.9\.1 or later: .*\.$/,
      );
    } finally {
      Object.defineProperty(Deno, "version", { value: version });
    }
  },
);

Deno.test("startKernel() says that there is no folder for temporary files", {
  ignore: ignore || Deno.build.os === "windows",
}, async () => {
  const folder = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", "/no/such/folder");
  try {
    await assertGivesUp({ name: "WriteError", message: /set TMPDIR/ }, (connection) => connection);
  } finally {
    if (folder === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", folder);
  }
});

const PROGRAMS = [
  ["shell_port", "which is silent", ""],
  ["shell_port", "which speaks HTTP", "HTTP/1.1 400 Bad Request\r\n".repeat(3)],
  ["iopub_port", "which is silent", ""],
  ["stdin_port", "which is silent", ""],
  ["control_port", "which is silent", ""],
  ["hb_port", "which is silent", ""],
] as const;

for (const [name, which, words] of PROGRAMS) {
  Deno.test(
    `startKernel() tries again if another program, ${which}, has the ${name}`,
    { ignore },
    async () => {
      const taken = drawConnection()[name];
      using _program = occupy(taken, words);
      const { kernel, attempts } = await start((connection, attempt) =>
        attempt === 1 ? { ...connection, [name]: taken } : connection
      );
      if (kernel instanceof Error) throw kernel;
      await using _kernel = kernel;
      assert.equal(attempts, 2);
      assert.equal((await kernel.execute("1 + 1")).outputs.length, 1);
    },
  );
}

Deno.test(
  "startKernel() gives up after three tries on ports that are taken",
  { ignore },
  async () => {
    const taken = drawConnection();
    using _program = occupy(taken.control_port);
    const { kernel: error, attempts } = await start(() => taken);
    assert(error instanceof KernelError);
    assert.match(error.message, /did not start.*AddrInUse/s);
    assert.equal(attempts, 3);
  },
);

Deno.test("startKernel() does not try again if the folder does not exist", { ignore }, async () => {
  await assertGivesUp({ name: "NotFound" }, (connection) => connection, {}, "no such folder");
});

Deno.test("startKernel() does not try again if the kernel dies by itself", { ignore }, async () => {
  await assertGivesUp(
    { name: "KernelError", message: /did not start.*exit code 1\..*AddrInUse/s },
    // Two of its ports are one, so it is in its own way: other programs are not the reason.
    (connection) => ({ ...connection, control_port: connection.hb_port }),
  );
});

Deno.test("startKernel() does not try again if the kernel takes too long", { ignore }, async () => {
  await assertGivesUp(
    { name: "KernelError", message: /did not answer within 0\.005 s/ },
    (connection) => connection,
    { limitMs: 5 },
  );
});
