import assert from "node:assert/strict";
import type { Adapter } from "dlm/backend/webgpu/adapter.ts";
import { describeGpu, type Vulkan } from "dlm/cli/machine/gpu.ts";

const gpu = {} as GPUAdapter;
const card: Adapter = { kind: "hardware", name: "Apple M2", gpu };
const player: Adapter = { kind: "software", name: "llvmpipe", gpu };

const SITUATIONS: [Adapter, Vulkan, found: RegExp, notes: RegExp, unsaid: RegExp][] = [
  [card, "there", /^Apple M2$/, /DLM_BACKEND=webgpu/, /apt install|needed/],
  [
    player,
    "there",
    /^none, and none is needed$/,
    /llvmpipe.*slow.*driver for Vulkan/,
    /libvulkan1/,
  ],
  [{ kind: "none" }, "missing", /^none/, /without the library Vulkan.*libvulkan1/, /plays/],
  [{ kind: "none" }, "there", /^none/, /its driver for Vulkan is missing/, /libvulkan1/],
  [{ kind: "none" }, "not needed", /^none/, /bring its driver up to date/, /apt install/],
];

for (const [adapter, vulkan, found, notes, unsaid] of SITUATIONS) {
  Deno.test(`the doctor explains a card of kind ${adapter.kind}, Vulkan ${vulkan}`, () => {
    const told = describeGpu(adapter, vulkan);
    assert.match(told.found, found);
    assert.match(told.notes.join(" "), notes);
    assert.doesNotMatch(told.notes.join(" "), unsaid);
  });
}
