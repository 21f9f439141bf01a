/// <reference lib="dom" />
import { type Backend, useBackend } from "dlm/backend/backend.ts";
import { findAdapter } from "dlm/backend/webgpu/adapter.ts";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { logitsOf } from "dlm/crew/predictor.ts";
import { Transformer, type TransformerConfig } from "dlm/model.ts";

/** How often the model is asked on each backend to compare them; the first time, all is compiled. */
const ROUNDS = 4;

/**
 * Puts the graphics card to use if the browser reaches a real one and it answers sooner than the
 * processor; any at all where the page's address ends in `#webgpu`.
 *
 * @param parameters by name, of the model that will answer
 */
export async function chooseBackend(
  config: TransformerConfig,
  parameters: NamedArrays,
): Promise<void> {
  if (location.hash === "#webgpu") return await useBackend("webgpu");
  if ((await findAdapter()).kind !== "hardware") return;
  const measure = async (backend: Backend) => {
    await useBackend(backend);
    using model = new Transformer(config, parameters);
    return await measureAnswer(model);
  };
  try {
    if (await measure("webgpu") < await measure("wasm")) await useBackend("webgpu");
  } catch {
    await useBackend("wasm"); // a card that fails does not count
  }
}

/** How many milliseconds a model takes to say what it expects in a whole text of masks. */
async function measureAnswer(model: Transformer): Promise<number> {
  const { context, vocabularySize: maskId } = model;
  const batch = {
    tokens: new Int32Array(context).fill(maskId),
    lengths: Int32Array.of(context),
    rows: Int32Array.from({ length: context }, (_, place) => place),
  };
  let fastest = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await logitsOf(model, batch);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}
