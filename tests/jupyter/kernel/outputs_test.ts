import assert from "node:assert/strict";
import { createFolder, type Displays } from "dlm/jupyter/kernel/_outputs.ts";
import type { Message } from "dlm/jupyter/kernel/_wire.ts";
import type { Output } from "dlm/jupyter/notebook.ts";

function message(type: string, content: Message["content"]): Message {
  return { id: "", type, parentId: "", content };
}

function print(text: string, name = "stdout"): Message {
  return message("stream", { name, text });
}

function show(text: string, id?: string, type = "display_data"): Message {
  const transient: Message["content"] = id === undefined ? {} : { display_id: id };
  return message(type, {
    data: { "text/plain": text },
    metadata: {},
    transient,
  });
}

function shown(text: string): Output {
  return {
    output_type: "display_data",
    data: { "text/plain": text },
    metadata: {},
  };
}

function fold(messages: Message[], displays: Displays = new Map()): Output[] {
  const outputs: Output[] = [];
  messages.forEach(createFolder(outputs, displays));
  return outputs;
}

Deno.test("createFolder() joins prints to one stream until something else comes between", () => {
  assert.deepEqual(
    fold([
      print("a"),
      print("b"),
      print("c", "stderr"),
      print("d"),
      show("e"),
      print("f"),
    ]),
    [
      { output_type: "stream", name: "stdout", text: "ab" },
      { output_type: "stream", name: "stderr", text: "c" },
      { output_type: "stream", name: "stdout", text: "d" },
      shown("e"),
      { output_type: "stream", name: "stdout", text: "f" },
    ],
  );
});

Deno.test("createFolder() keeps results, and nothing of the wire", () => {
  const data = { "text/plain": "1" };
  const result = message("execute_result", { data, execution_count: 4, transient: {} });
  assert.deepEqual(fold([result]), [
    { output_type: "execute_result", data, metadata: {}, execution_count: 4 },
  ]);
});

Deno.test("createFolder() puts an update in the place of what it updates, in earlier cells too", () => {
  const displays: Displays = new Map();
  const first = fold([
    show("1", "a"),
    show("2", "b"),
    show("3", "a", "update_display_data"),
  ], displays);
  assert.deepEqual(first, [shown("3"), shown("2")]);
  const second = fold(
    [show("4", "a"), show("5", "a", "update_display_data")],
    displays,
  );
  assert.deepEqual(second, [shown("5")]);
  assert.deepEqual(first, [shown("5"), shown("2")]);
});

Deno.test("createFolder() drops an update of what was never shown", () => {
  assert.deepEqual(
    fold([
      show("1", "a", "update_display_data"),
      show("2", undefined, "update_display_data"),
    ]),
    [],
  );
});

Deno.test("createFolder() clears at once, or with the next output if it is told to wait", () => {
  const clear = message("clear_output", { wait: false });
  const clearLater = message("clear_output", { wait: true });
  assert.deepEqual(fold([print("a"), clear]), []);
  assert.deepEqual(fold([show("a"), clearLater]), [shown("a")]);
  assert.deepEqual(fold([show("a"), clearLater, show("b"), show("c")]), [
    shown("b"),
    shown("c"),
  ]);
  assert.deepEqual(fold([print("a"), clearLater, print("b")]), [{
    output_type: "stream",
    name: "stdout",
    text: "b",
  }]);
});

Deno.test("createFolder() passes over messages that are no outputs", () => {
  assert.deepEqual(
    fold([
      message("status", { execution_state: "busy" }),
      message("execute_input", { code: "1" }),
    ]),
    [],
  );
});
