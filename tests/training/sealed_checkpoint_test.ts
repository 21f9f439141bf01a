import assert from "node:assert/strict";
import { SafetensorsError } from "dlm/files/safetensors.ts";
import { encodeCheckpoint } from "dlm/training/checkpoint_format.ts";
import { openCheckpoint, sealCheckpoint } from "dlm/training/sealed_checkpoint.ts";
import { finished, unfinished } from "./_checkpoints.ts";

Deno.test("openCheckpoint() gives back what sealCheckpoint() was given", async () => {
  for (const checkpoint of [finished, unfinished]) {
    assert.deepEqual(await openCheckpoint(await sealCheckpoint(checkpoint)), checkpoint);
  }
});

Deno.test("openCheckpoint() opens a file of an earlier version, without a checksum", async () => {
  assert.deepEqual(await openCheckpoint(encodeCheckpoint(unfinished)), unfinished);
});

Deno.test("whatever bit of a sealed checkpoint flips, it is told in a sentence", async () => {
  const file = await sealCheckpoint(unfinished);
  const header = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const name = new TextDecoder().decode(file.subarray(0, header)).indexOf("checksum");
  const outcomes = { refused: 0, opened: 0 };
  // Strides that 8 does not divide meet every bit of a byte; of the many numbers, few will do.
  for (let bit = 0; bit < 8 * file.length; bit += bit < 8 * header ? 5 : 997) {
    const damaged = file.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    try {
      assert.deepEqual(await openCheckpoint(damaged), unfinished, `bit ${bit}`);
      const byte = bit >> 3;
      assert(byte >= name && byte < name + "checksum".length, `bit ${bit} was not noticed`);
      outcomes.opened++; // it has no checksum then, and is what it was otherwise
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SafetensorsError)) throw error;
      assert.match(error.message, /\.$/);
      outcomes.refused++;
    }
  }
  assert(outcomes.refused > outcomes.opened && outcomes.opened > 0, JSON.stringify(outcomes));
});

Deno.test("openCheckpoint() throws if a checksum is not that of the file", async () => {
  const message = "it is not as it was written: it was damaged or changed, so copy it again.";
  for (const checksum of ["", "0".repeat(64), "f".repeat(64), "x"]) {
    const file = encodeCheckpoint(finished, { checksum });
    if (checksum === "") await openCheckpoint(file);
    else await assert.rejects(openCheckpoint(file), { name: "RangeError", message });
  }
});
