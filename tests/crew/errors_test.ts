import assert from "node:assert/strict";
import { packError, unpackError } from "dlm/crew/_errors.ts";
import { startMember } from "dlm/crew/_member.ts";
import type { Task } from "dlm/crew/_worker.ts";

// This starts a Worker that reads the library's files, so it runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

/** An error as it comes out at the other end. */
const sent = (error: unknown) => unpackError(structuredClone(packError(error)));

Deno.test("an error keeps its type and its message on its way between threads", () => {
  for (const error of [new RangeError("a"), new TypeError("b"), new Error("c")]) {
    const { constructor, name, message } = sent(error);
    assert.deepEqual([constructor, name, message], [error.constructor, error.name, error.message]);
  }
  const other = sent(Object.assign(new Error("d"), { name: "Other" }));
  assert.deepEqual([other.name, other.message], ["Other", "d"]);
  assert.equal(sent("not even an error").message, "not even an error");
});

Deno.test("wherever memory runs out, it is one RangeError that says what to do", () => {
  const said = sent(new RangeError("Array buffer allocation failed"));
  assert(said instanceof RangeError);
  assert.match(said.message, /^There is not enough memory .+: take smaller batches, .+\.$/);
  const copied = sent(new DOMException("Data cannot be cloned, out of memory.", "DataCloneError"));
  assert.deepEqual([copied.constructor, copied.message], [RangeError, said.message]);
  assert.equal(
    sent(new DOMException("f could not be cloned.", "DataCloneError")).name,
    "DataCloneError",
  );
});

Deno.test(
  "what cannot be sent to a Worker is told, and the Worker goes on",
  { ignore },
  async () => {
    using member = startMember();
    const odd = { kind: "forget", odd: () => {} } as unknown as Task;
    await assert.rejects(member.ask(odd), { name: "DataCloneError" });
    assert.equal(await member.ask({ kind: "forget" }), undefined);
  },
);
