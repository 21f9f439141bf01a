/** Whether this machine has a graphics card that Deno or the browser can reach. */
export type Adapter =
  /** A real one. */
  | { kind: "hardware"; name: string; gpu: GPUAdapter }
  /** The processor, which plays one: right, but slow. */
  | { kind: "software"; name: string; gpu: GPUAdapter }
  | { kind: "none" };

/** Programs that are a graphics card: what Mesa, Chromium and Windows have for want of one. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

/** Looks for a graphics card, the fastest if there are several. */
export async function findAdapter(): Promise<Adapter> {
  const gpu = await quietly(() => navigator.gpu?.requestAdapter(FASTEST));
  if (!gpu) return { kind: "none" };
  const { vendor, architecture, device, description } = gpu.info;
  const name = description || [vendor, architecture, device].filter(Boolean).join(" ") || "unnamed";
  const all = [name, vendor, architecture, device].join(" ");
  const software = gpu.info.isFallbackAdapter === true || SOFTWARE.test(all);
  return { kind: software ? "software" : "hardware", name, gpu };
}

const FASTEST = { powerPreference: "high-performance" } as const;

/** Where the display of a Linux session is found, if there is one. */
const SESSION = "XDG_RUNTIME_DIR";

/**
 * Keeps a library of the system from printing to the terminal, or into a notebook, that there is no
 * session with a display: it looks for one before it looks for a graphics card.
 */
async function quietly<Result>(
  look: () => Promise<Result> | undefined,
): Promise<Result | undefined> {
  const missing = "Deno" in globalThis && Deno.build.os === "linux" &&
    Deno.permissions.querySync({ name: "env", variable: SESSION }).state === "granted" &&
    !Deno.env.get(SESSION);
  if (!missing) return await look();
  Deno.env.set(SESSION, "/nonexistent");
  try {
    return await look();
  } finally {
    Deno.env.delete(SESSION);
  }
}
