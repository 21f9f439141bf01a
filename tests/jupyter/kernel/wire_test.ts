import assert from "node:assert/strict";
import fc from "fast-check";
import { fromFrames, type Message, toFrames } from "dlm/jupyter/kernel/_wire.ts";

const text = new TextDecoder();
const utf8 = new TextEncoder();

Deno.test("fromFrames() reads what toFrames() wrote, whatever stands before and behind", () => {
  const message: fc.Arbitrary<Message> = fc.record({
    id: fc.string(),
    type: fc.string(),
    parentId: fc.option(fc.string(), { nil: undefined }),
    content: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<
      Message["content"]
    >,
  });
  fc.assert(fc.property(message, fc.string(), (original, key) => {
    const frames = toFrames(original, { session: "s", key });
    const expected = JSON.parse(JSON.stringify(original.content)); // JSON knows no -0
    const read = fromFrames([
      utf8.encode("topic"),
      ...frames,
      new Uint8Array(3),
    ], key);
    assert.deepEqual({ ...read, content: { ...read.content } }, {
      ...original,
      content: expected,
    });
  }));
});

Deno.test("toFrames() signs the four parts with HMAC-SHA256 under the key", async () => {
  const [, signature, ...parts] = toFrames({
    id: "i",
    type: "t",
    parentId: undefined,
    content: { a: 1 },
  }, { session: "s", key: "secret" });
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey(
    "raw",
    utf8.encode("secret"),
    algorithm,
    false,
    ["sign"],
  );
  const joined = utf8.encode(parts.map((part) => text.decode(part)).join(""));
  const expected = new Uint8Array(await crypto.subtle.sign("HMAC", key, joined));
  assert.equal(text.decode(signature), expected.toHex());
});

Deno.test("toFrames() names the session and keeps the key to itself", () => {
  const message = { id: "i", type: "t", parentId: "p", content: { a: 1 } };
  const frames = toFrames(message, { session: "the session", key: "the key" })
    .map((frame) => text.decode(frame));
  assert.equal(JSON.parse(frames[2]!).session, "the session");
  assert.doesNotMatch(frames.join("\n"), /the key/);
});

Deno.test("fromFrames() throws if a part was changed, the key is another, or there is no message", () => {
  const frames = toFrames(
    { id: "i", type: "t", parentId: "p", content: {} },
    { session: "s", key: "key" },
  );
  const changed = frames.with(5, utf8.encode('{"a":1}'));
  assert.throws(() => fromFrames(changed, "key"), /wrong signature/);
  assert.throws(() => fromFrames(frames, "another key"), /wrong signature/);
  assert.throws(
    () => fromFrames(frames.slice(0, 5), "key"),
    /not a Jupyter message/,
  );
  assert.throws(() => fromFrames([], "key"), /not a Jupyter message/);
});
