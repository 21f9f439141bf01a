import assert from "node:assert/strict";
import { type Adapter, findAdapter } from "dlm/backend/webgpu/adapter.ts";

/** What findAdapter() makes of an adapter that tells this of itself. */
async function found(info: Partial<GPUAdapterInfo> | undefined): Promise<Adapter> {
  const { gpu } = navigator;
  const adapter = info && { info };
  Object.defineProperty(navigator, "gpu", {
    configurable: true,
    value: { requestAdapter: () => Promise.resolve(adapter ?? null) },
  });
  try {
    return await findAdapter();
  } finally {
    Object.defineProperty(navigator, "gpu", { configurable: true, value: gpu });
  }
}

Deno.test("findAdapter() knows a graphics card from a program that plays one", async () => {
  const cards: [Partial<GPUAdapterInfo>, Adapter["kind"], name: string][] = [
    [{ description: "Apple M2" }, "hardware", "Apple M2"],
    [{ vendor: "intel", architecture: "gen-12lp" }, "hardware", "intel gen-12lp"],
    [{}, "hardware", "unnamed"],
    [
      { description: "llvmpipe (LLVM 15.0.6, 256 bits)" },
      "software",
      "llvmpipe (LLVM 15.0.6, 256 bits)",
    ],
    [{ vendor: "google", architecture: "swiftshader" }, "software", "google swiftshader"],
    [{ description: "Microsoft Basic Render Driver" }, "software", "Microsoft Basic Render Driver"],
    [{ description: "unknown", isFallbackAdapter: true }, "software", "unknown"],
  ];
  for (const [info, kind, name] of cards) {
    const adapter = await found(info);
    assert.deepEqual([adapter.kind, "name" in adapter && adapter.name], [kind, name]);
  }
  assert.equal((await found(undefined)).kind, "none");
});

Deno.test("findAdapter() prints nothing where there is no display, and leaves no trace", {
  ignore: Deno.permissions.querySync({ name: "run" }).state !== "granted",
}, async () => {
  const module = new URL("../../../lib/backend/webgpu/adapter.ts", import.meta.url);
  const code = `
    const { findAdapter } = await import(${JSON.stringify(module)});
    await findAdapter();
    if (Deno.env.has("XDG_RUNTIME_DIR")) console.log("left behind");
  `;
  const { XDG_RUNTIME_DIR: _, ...env } = Deno.env.toObject();
  const args = ["eval", "--quiet", code];
  const options = { args, env, clearEnv: true };
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  assert.equal(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), "");
});
