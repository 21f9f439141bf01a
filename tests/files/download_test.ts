import assert from "node:assert/strict";
import { type Download, fetchText } from "dlm/files/_download.ts";
import { fakeInterrupt, inFolder } from "../_support.ts";

// These write files and serve them, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "net" })).state !== "granted";

const TEXT = new TextEncoder().encode("It was the best of times,\nit was the worst of times.\n");
const digest = await crypto.subtle.digest("SHA-256", TEXT);

/** A text at an address of this machine, as `serve` answers for it, and in a cache. */
function testWithServer(
  name: string,
  serve: (request: Request) => Response | Promise<Response>,
  run: (fetched: {
    text(patience?: { byte: number; all: number }): Promise<Uint8Array>;
    cache: string;
    notices: string[];
    requests(): number;
  }) => Promise<void>,
): void {
  Deno.test(name, { ignore }, () =>
    inFolder(async (folder) => {
      let requests = 0;
      await using server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {}, onError: () => new Response() },
        (request) => {
          requests++;
          return serve(request);
        },
      );
      const source: Download = {
        title: "Two Cities",
        url: `http://127.0.0.1:${server.addr.port}/`,
        bytes: TEXT.length,
        sha256: new Uint8Array(digest).toHex(),
      };
      const cache = `${folder}/cache/text.txt`;
      const notices: string[] = [];
      const onNotice = (sentence: string) => void notices.push(sentence);
      const text = (patience = { byte: 60_000, all: 60_000 }) =>
        fetchText(source, { cache, onNotice, onProgress() {}, patience });
      await run({ text, cache, notices, requests: () => requests });
    }));
}

const whole = () => new Response(TEXT);

/** A body that sends a byte now and then, or nothing at all, for ever. */
function dripping(ms: number): Response {
  let timer: ReturnType<typeof setInterval>;
  return new Response(
    new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(TEXT.subarray(0, 1)), ms);
      },
      cancel: () => clearInterval(timer),
    }),
  );
}

async function keep(cache: string, bytes: Uint8Array): Promise<void> {
  await Deno.mkdir(cache.replace(/[^/]+$/, ""), { recursive: true });
  await Deno.writeFile(cache, bytes);
}

testWithServer("fetchText() asks once and keeps what came", whole, async (fetched) => {
  const { text, cache, notices, requests } = fetched;
  assert.deepEqual(await text(), TEXT);
  assert.deepEqual(await Deno.readFile(cache), TEXT);
  assert.deepEqual(await text(), TEXT);
  assert.equal(requests(), 1);
  assert.deepEqual(notices, ["Downloading Two Cities (0.0 MB)."]);
});

testWithServer("fetchText() uses what came where it cannot be kept", whole, async (fetched) => {
  const { text, cache, notices } = fetched;
  const folder = cache.replace(/\/[^/]+$/, "");
  await Deno.writeTextFile(folder, "a file where the folder should be");
  assert.deepEqual(await text(), TEXT);
  assert.match(notices.at(-1)!, /^Two Cities is here but cannot be kept: Cannot write/);
});

testWithServer("fetchText() says of a copy what is wrong with it", whole, async (fetched) => {
  const { text, cache, notices, requests } = fetched;
  const windows = new TextDecoder().decode(TEXT).replaceAll("\n", "\r\n");
  await keep(cache, new TextEncoder().encode(windows));
  assert.deepEqual(await text(), TEXT);
  assert.match(notices.join(), /text\.txt has other line ends than Two Cities: it is read with/);
  assert.equal(requests(), 0);

  await keep(cache, new TextEncoder().encode("something else"));
  assert.deepEqual(await text(), TEXT);
  assert.match(notices.join(), /text\.txt is not Two Cities: it has 14 bytes of another SHA-256/);
  assert.equal(requests(), 1);
  assert.deepEqual(await Deno.readFile(cache), TEXT);

  await Deno.remove(cache);
  await Deno.mkdir(cache);
  assert.deepEqual(await text(), TEXT);
  assert.match(notices.join(), /The copy of Two Cities cannot be read \(.+\)/);
});

const bomb = await new Response(
  new Blob([new Uint8Array(5_000_000)]).stream().pipeThrough(new CompressionStream("gzip")),
).arrayBuffer();
const headers = { "content-encoding": "gzip" };

const FAULTS: [what: string, serve: () => Response, reason: RegExp][] = [
  ["answers with an error", () => new Response("", { status: 503 }), /its site answers 503/],
  ["sends another text", () => new Response(TEXT.with(0, 0)), /not the text expected/],
  ["breaks off", () => new Response(TEXT.subarray(0, 9)), /not the text expected/],
  ["never ends", () => dripping(1), /sends more than the 53 bytes expected/],
  ["sends a compressed bomb", () => new Response(bomb, { headers }), /more than the 53 bytes/],
];
for (const [what, serve, reason] of FAULTS) {
  testWithServer(`fetchText() gives up, and says why, if a server ${what}`, serve, async (it) => {
    await assert.rejects(it.text(), reason);
    await assert.rejects(Deno.stat(it.cache), Deno.errors.NotFound);
  });
}

const impatient: [what: string, ms: number, patience: [number, number], reason: RegExp][] = [
  ["never begins", 1e6, [100, 60_000], /no answer for 0.1 s/],
  ["drips", 50, [60_000, 500], /not all of it within 0.5 s/],
];
for (const [what, ms, [byte, all], reason] of impatient) {
  const serve = () => dripping(ms);
  testWithServer(`fetchText() does not wait for ever if a server ${what}`, serve, async (it) => {
    await assert.rejects(it.text({ byte, all }), reason);
  });
}

testWithServer(
  "fetchText() is stopped while its site is silent",
  () => dripping(1e6),
  async (fetched) => {
    using interrupt = fakeInterrupt();
    const stopped = fetched.text();
    setTimeout(() => interrupt.press(), 200);
    await assert.rejects(stopped, { name: "Interrupted", message: /^Stopped with 0 of \d+ bytes/ });
  },
);

Deno.test("fetchText() is stopped before there is any answer", { ignore }, async () => {
  using interrupt = fakeInterrupt();
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" }); // which never says a word
  const { port } = listener.addr as Deno.NetAddr;
  const source = { title: "X", url: `http://127.0.0.1:${port}/`, bytes: 9, sha256: "" };
  const stopped = fetchText(source, { cache: "/nowhere", onNotice() {}, onProgress() {} });
  setTimeout(() => interrupt.press(), 200);
  await assert.rejects(stopped, { name: "Interrupted" });
});
