import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ByteChannel,
  encodeMessage,
  openZmtp,
  readMessage,
} from "dlm/jupyter/kernel/_zmtp.ts";

/** A channel that gives `bytes` in chunks of the given sizes and keeps what is written. */
function channelOf(
  bytes: Uint8Array,
  chunks: number[] = [1000],
): ByteChannel & { written: number[] } {
  let at = 0;
  let turn = 0;
  const written: number[] = [];
  return {
    written,
    read(into) {
      if (at === bytes.length) return Promise.resolve(null);
      const size = Math.min(
        into.length,
        bytes.length - at,
        chunks[turn++ % chunks.length]!,
      );
      into.set(bytes.subarray(at, at + size));
      at += size;
      return Promise.resolve(size);
    },
    write(part) {
      const size = Math.min(part.length, 7); // a connection need not take all at once
      written.push(...part.subarray(0, size));
      return Promise.resolve(size);
    },
    close() {},
  };
}

/** The 64 bytes with which a ZMTP 3.0 peer without encryption greets. */
const GREETING = [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]
  .concat([..."NULL"].map((c) => c.charCodeAt(0)), Array(48).fill(0));
const ROUTER_READY = [4, 5, 5].concat([..."READY"].map((c) => c.charCodeAt(0)));

Deno.test("readMessage() reads what encodeMessage() wrote, however it arrives", async () => {
  const frame = fc.uint8Array({ maxLength: 600, size: "max" });
  await fc.assert(fc.asyncProperty(
    fc.array(fc.array(frame, { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
    fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
    async (messages, chunks) => {
      const channel = channelOf(
        new Uint8Array(messages.flatMap((message) => [...encodeMessage(message)])),
        chunks,
      );
      for (const message of messages) {
        assert.deepEqual(await readMessage(channel), message);
      }
      await assert.rejects(
        () => readMessage(channel),
        Deno.errors.UnexpectedEof,
      );
    },
  ));
});

Deno.test("encodeMessage() writes the bytes of ZMTP 3.0", () => {
  assert.deepEqual([...encodeMessage([Uint8Array.of(7), new Uint8Array()])], [
    1,
    1,
    7,
    0,
    0,
  ]);
  const long = encodeMessage([new Uint8Array(256)]);
  assert.deepEqual([...long.subarray(0, 9)], [2, 0, 0, 0, 0, 0, 0, 1, 0]);
  assert.equal(long.length, 9 + 256);
});

Deno.test("readMessage() passes over commands", async () => {
  const bytes = Uint8Array.of(4, 2, 9, 9, ...encodeMessage([Uint8Array.of(1)]));
  assert.deepEqual(await readMessage(channelOf(bytes)), [Uint8Array.of(1)]);
});

Deno.test("openZmtp() greets, says what it is, and subscribes", async () => {
  const channel = channelOf(Uint8Array.from([...GREETING, ...ROUTER_READY]));
  await openZmtp(channel, "SUB");
  const hello = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB";
  const subscribe = "\x00\x01\x01";
  assert.deepEqual(channel.written.slice(0, 64), GREETING);
  assert.equal(
    String.fromCharCode(...channel.written.slice(64)),
    hello + subscribe,
  );
});

Deno.test("openZmtp() throws if the other side speaks something else", async () => {
  const http = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n".padEnd(64));
  await assert.rejects(() => openZmtp(channelOf(http), "DEALER"), TypeError);
});
