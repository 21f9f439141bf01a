import assert from "node:assert/strict";
import { kernelsInUse, tf, useBackend } from "dlm/backend/backend.ts";
import { provenance } from "dlm/course/provenance.ts";

Deno.test("provenance() names the seed, the backend and its kernels, and the versions", async () => {
  const { set } = kernelsInUse();
  const versions = `TensorFlow.js ${tf.version.tfjs} · Deno ${Deno.version.deno}`;
  assert.equal(provenance(7), `seed 7 · wasm backend, ${set} kernels · ${versions}`);
  await useBackend("cpu");
  try {
    assert.equal(provenance(7), `seed 7 · cpu backend · ${versions}`);
  } finally {
    await useBackend("wasm");
  }
});
