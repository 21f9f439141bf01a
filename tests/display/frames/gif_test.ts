import assert from "node:assert/strict";
import { denoisingGif } from "dlm/display/frames/gif.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { FRAMES, tokenizer } from "../_frames.ts";

/** The size of a GIF, and the delay of each of its frames in hundredths of a second. */
function readGif(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 6)), "GIF89a");
  const delays: number[] = [];
  let images = 0;
  const tableSize = (flags: number) => flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
  let i = 13 + tableSize(bytes[10]!);
  const skipBlocks = () => {
    while (bytes[i]! !== 0) i += bytes[i]! + 1;
    i++;
  };
  while (bytes[i] !== 0x3b) {
    if (bytes[i] === 0x21) {
      if (bytes[i + 1] === 0xf9) delays.push(view.getUint16(i + 4, true));
      i += 2;
    } else {
      assert.equal(bytes[i], 0x2c);
      images++;
      i += 10 + tableSize(bytes[i + 9]!) + 1;
    }
    skipBlocks();
  }
  assert.equal(i, bytes.length - 1);
  return { width: view.getUint16(6, true), height: view.getUint16(8, true), images, delays };
}

Deno.test("denoisingGif() has a frame for each change, and rests on the last", async () => {
  const gif = readGif(await denoisingGif(FRAMES, tokenizer, { seconds: 2 }));
  assert.equal(gif.images, 5);
  assert.deepEqual(gif.delays, [40, 40, 40, 40, 300]);
});

Deno.test("denoisingGif() has room for the text in lines of equal length", async () => {
  const size = async (columns: number) => {
    const { width, height } = readGif(await denoisingGif(FRAMES, tokenizer, { columns }));
    return [width, height];
  };
  const [margin, cell, line] = [8, 8, 19];
  assert.deepEqual(await size(64), [2 * (3 * cell + 2 * margin), 2 * (line + 2 * margin)]);
  assert.deepEqual(await size(2), [2 * (2 * cell + 2 * margin), 2 * (2 * line + 2 * margin)]);
});

Deno.test("denoisingGif() has room for wide characters in every frame", async () => {
  const wide = CharTokenizer.fromText("a漢");
  const ids = [[wide.maskId, wide.maskId], [0, wide.maskId], [0, 1]];
  const frames = ids.map((ids, i) => ({
    ...FRAMES[0]!,
    sequences: [Int32Array.from(ids)],
    confidences: [new Float64Array(2).fill(1)],
    revealed: Int32Array.of(i),
  }));
  const { width, images } = readGif(await denoisingGif(frames, wide));
  assert.deepEqual([width, images], [2 * (2 * 16 + 2 * 8), 3]);
});
