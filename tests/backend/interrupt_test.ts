import assert from "node:assert/strict";
import { Interrupted, listenForInterrupt } from "dlm/backend/interrupt.ts";
import { fakeInterrupt } from "../_support.ts";

Deno.test("an interrupt ends every loop that runs, with how far each came, and none that starts later", async () => {
  using interrupt = fakeInterrupt();
  using outer = listenForInterrupt();
  using inner = listenForInterrupt();
  await inner.check("in vain");
  interrupt.press();
  using later = listenForInterrupt();
  await assert.rejects(inner.check("after step 3"), {
    name: "Interrupted",
    message: "Stopped after step 3.",
  });
  await assert.rejects(outer.check("after 1 of 2 runs"), Interrupted);
  await later.check("in vain");
});

Deno.test("a terminal listens while a loop runs, and to one Ctrl-C", () => {
  using interrupt = fakeInterrupt();
  {
    using _outer = listenForInterrupt();
    using _inner = listenForInterrupt();
    assert.equal(interrupt.listeners.size, 1);
    interrupt.press();
    assert.equal(interrupt.listeners.size, 0); // the next one ends the process
  }
  {
    using _ = listenForInterrupt();
    assert.equal(interrupt.listeners.size, 1);
  }
  assert.equal(interrupt.listeners.size, 0);
});

Deno.test("breathe() lets in what waits outside, however short each loop is", async () => {
  let waiting = true;
  const timer = setTimeout(() => waiting = false);
  for (const end = performance.now() + 10_000; waiting && performance.now() < end;) {
    using loop = listenForInterrupt();
    await loop.breathe();
  }
  clearTimeout(timer);
  assert.equal(waiting, false);
});

Deno.test("an interruption has a sentence and no stack", () => {
  assert.equal(new Interrupted("after step 3").stack, "Interrupted: Stopped after step 3.");
});

Deno.test("wait() waits for others no longer than until an interrupt", async () => {
  using interrupt = fakeInterrupt();
  using loop = listenForInterrupt();
  assert.equal(await loop.wait(Promise.resolve(7), () => "in vain"), 7);
  const waiting = loop.wait(new Promise(() => {}), () => "while others work");
  interrupt.press();
  await assert.rejects(waiting, { name: "Interrupted", message: "Stopped while others work." });
});
