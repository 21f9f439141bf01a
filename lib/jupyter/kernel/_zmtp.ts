/**
 * The two ZeroMQ sockets that a Jupyter client needs, spoken over plain TCP.
 *
 * This is the client's half of ZMTP 3.0 without encryption (https://rfc.zeromq.org/spec/23): a
 * greeting, a READY command, and then messages made of frames. The usual npm binding is a native
 * addon, and under Deno it takes the whole process down when a kernel dies while a cell runs.
 */

/** What a ZMTP socket talks through: a `Deno.Conn`, or anything that reads and writes like one. */
export interface ByteChannel {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** A connected socket: a message is a list of frames. */
export interface ZmtpSocket extends Disposable {
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** Waits for the next message; throws `Deno.errors.UnexpectedEof` if the other side has gone. */
  receive(): Promise<Uint8Array[]>;
}

const MORE = 1; // further frames of the same message follow
const LONG = 2; // the frame's length takes eight bytes instead of one
const COMMAND = 4; // the frame speaks of the connection and is no message

const utf8 = new TextEncoder();

/** Shakes hands over `channel`; a `SUB` socket subscribes to everything. */
export async function openZmtp(channel: ByteChannel, type: "DEALER" | "SUB"): Promise<ZmtpSocket> {
  await writeAll(channel, greeting());
  const theirs = await readExactly(channel, 64);
  if (theirs[0] !== 0xff || theirs[10]! < 3) {
    throw new TypeError(
      "The other side of the connection does not speak ZMTP 3, so it is not a Jupyter kernel.",
    );
  }
  await writeAll(channel, encodeFrame(ready(type), COMMAND));
  await readFrame(channel); // their READY
  if (type === "SUB") {
    await writeAll(channel, encodeMessage([Uint8Array.of(1)])); // 1 = subscribe, then the prefix
  }
  return {
    send: (frames) => writeAll(channel, encodeMessage(frames)),
    receive: () => readMessage(channel),
    [Symbol.dispose]: () => channel.close(),
  };
}

/** The bytes of one message. */
export function encodeMessage(frames: readonly Uint8Array[]): Uint8Array {
  return concat(frames.map((frame, i) => encodeFrame(frame, i < frames.length - 1 ? MORE : 0)));
}

/** Reads one message, passing over commands (a peer may send heartbeats). */
export async function readMessage(channel: ByteChannel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  while (true) {
    const { flags, body } = await readFrame(channel);
    if (flags & COMMAND) continue;
    frames.push(body);
    if (!(flags & MORE)) return frames;
  }
}

function greeting(): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]); // signature, version 3.0
  bytes.set(utf8.encode("NULL"), 12); // the security mechanism
  return bytes;
}

function ready(type: string): Uint8Array {
  const [command, property, value] = ["READY", "Socket-Type", type].map((s) => utf8.encode(s));
  const sizes = [command!.length, property!.length, value!.length] as const;
  return concat([
    Uint8Array.of(sizes[0]),
    command!,
    Uint8Array.of(sizes[1]),
    property!,
    Uint8Array.of(0, 0, 0, sizes[2]),
    value!,
  ]);
}

function encodeFrame(body: Uint8Array, flags: number): Uint8Array {
  if (body.length < 256) {
    return concat([Uint8Array.of(flags, body.length), body]);
  }
  const head = new Uint8Array(9);
  head[0] = flags | LONG;
  new DataView(head.buffer).setBigUint64(1, BigInt(body.length));
  return concat([head, body]);
}

async function readFrame(channel: ByteChannel): Promise<{ flags: number; body: Uint8Array }> {
  const flags = (await readExactly(channel, 1))[0]!;
  const size = await readExactly(channel, flags & LONG ? 8 : 1);
  const length = size.reduce((sum, byte) => sum * 256 + byte, 0);
  return { flags, body: await readExactly(channel, length) };
}

async function readExactly(channel: ByteChannel, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await channel.read(bytes.subarray(filled));
    if (count === null) {
      throw new Deno.errors.UnexpectedEof("The kernel closed the connection.");
    }
    filled += count;
  }
  return bytes;
}

async function writeAll(channel: ByteChannel, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await channel.write(bytes.subarray(sent));
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
