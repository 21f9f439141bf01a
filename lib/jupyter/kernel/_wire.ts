/**
 * Jupyter messages on the wire, protocol 5.3: JSON parts under one signature
 * (https://jupyter-client.readthedocs.io/en/stable/messaging.html).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Json } from "dlm/jupyter/notebook.ts";

/** A message without what only the wire needs. */
export interface Message {
  id: string;
  type: string;
  /** The request that this message answers. */
  parentId: string | undefined;
  content: { [key: string]: Json };
}

/** Who speaks: a name that everyone may hear, and the key that no message may tell. */
export interface Speaker {
  session: string;
  key: string;
}

const DELIMITER = "<IDS|MSG>";
const utf8 = new TextEncoder();
const text = new TextDecoder();

/**
 * The frames of a message from the client, signed with the kernel's `key`. The kernel repeats the
 * header, `session` included, to everyone who listens on its `iopub`, for which no key is needed.
 */
export function toFrames(
  { id, type, parentId, content }: Message,
  { session, key }: Speaker,
): Uint8Array[] {
  const header = {
    msg_id: id,
    msg_type: type,
    session,
    username: "",
    date: new Date().toISOString(),
    version: "5.3",
  };
  const parent = parentId === undefined ? {} : { msg_id: parentId };
  const parts = [header, parent, {}, content].map((part) => utf8.encode(JSON.stringify(part)));
  return [utf8.encode(DELIMITER), utf8.encode(sign(parts, key)), ...parts];
}

/**
 * The message in `frames`; routing frames before it and raw buffers behind it are passed over.
 *
 * @throws TypeError if the frames are no Jupyter message or were not signed with `key`
 */
export function fromFrames(frames: readonly Uint8Array[], key: string): Message {
  const start = frames.findIndex((frame) =>
    frame.length === DELIMITER.length && text.decode(frame) === DELIMITER
  );
  const [signature, ...rest] = frames.slice(start + 1);
  const parts = rest.slice(0, 4);
  if (start < 0 || signature === undefined || parts.length < 4) {
    throw new TypeError(
      "The kernel sent something that is not a Jupyter message; is another program using its port?",
    );
  }
  const expected = utf8.encode(sign(parts, key));
  if (
    signature.length !== expected.length ||
    !timingSafeEqual(signature, expected)
  ) {
    throw new TypeError(
      "A message carries a wrong signature; is another kernel using this kernel's port?",
    );
  }
  const [header, parent, , content] = parts.map((part) => JSON.parse(text.decode(part)));
  return {
    id: header.msg_id,
    type: header.msg_type,
    parentId: parent.msg_id,
    content,
  };
}

function sign(parts: readonly Uint8Array[], key: string): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}
