import type { Adapter } from "dlm/backend/webgpu/adapter.ts";

/** Whether Linux has the library through which programs reach a graphics card; other systems come
 * with theirs. */
export type Vulkan = "there" | "missing" | "not needed";

/** Looks for the library, as Deno does when it is asked for a graphics card. */
export function findVulkan(): Vulkan {
  if (Deno.build.os !== "linux") return "not needed";
  try {
    Deno.dlopen("libvulkan.so.1", {}).close();
    return "there";
  } catch {
    return "missing";
  }
}

/** What there is to say about the graphics card, for people who may never have asked. */
export function describeGpu(adapter: Adapter, vulkan: Vulkan): { found: string; notes: string[] } {
  if (adapter.kind === "hardware") {
    return {
      found: adapter.name,
      notes: [
        "Commands use it where it is faster than the processor, which they try once;",
        "--backend webgpu always does, and so do notebooks with DLM_BACKEND=webgpu.",
      ],
    };
  }
  const player = adapter.kind === "software"
    ? [
      `${adapter.name} plays one on the processor: right, but slow.`,
      "Only --backend webgpu uses it.",
    ]
    : [];
  return {
    found: "none, and none is needed",
    notes: [...player, "If there is a graphics card in this machine,", ...ADVICE[vulkan]],
  };
}

const ADVICE: Record<Vulkan, string[]> = {
  missing: [
    "Deno cannot reach it without the library Vulkan and a driver for it: on Debian or Ubuntu",
    "apt install libvulkan1, and mesa-vulkan-drivers (AMD, Intel) or nvidia-driver (NVIDIA).",
  ],
  there: [
    "its driver for Vulkan is missing: on Debian or Ubuntu",
    "apt install mesa-vulkan-drivers (AMD, Intel) or nvidia-driver (NVIDIA).",
  ],
  "not needed": ["Deno does not find it: bring its driver up to date."],
};
