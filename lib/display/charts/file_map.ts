import * as Plot from "@observablehq/plot";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";

/**
 * A safetensors file as a strip, to end a cell with: what lies where, in the order of the bytes.
 * Tensors have the colour of their part of the model, `attention` for `blocks.0.attention.qkv`,
 * and carry the number of their block.
 *
 * @param bytes a file that is known to be whole, as from `encodeSafetensors()`
 */
export function fileMap(bytes: Uint8Array): Displayable {
  const { buffer, byteOffset, length } = bytes;
  const headerLength = Number(new DataView(buffer, byteOffset, length).getBigUint64(0, true));
  const start = 8 + headerLength;
  const header: Record<string, { data_offsets: [begin: number, end: number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, start)),
  );
  const kB = (byte: number) => byte / 1000;
  const tensors = Object.entries(header).filter(([name]) => name !== "__metadata__")
    .map(([name, { data_offsets: [begin, end] }]) => {
      const [, block, part] = /^(?:blocks\.(\d+)\.)?([^.]+)/.exec(name) ?? [];
      return { part, block, from: kB(start + begin), to: kB(start + end) };
    })
    .sort((a, b) => a.from - b.from);
  const pieces = [{ part: "header", from: 0, to: kB(start) }, ...tensors];
  return plot({
    title: "What lies where in the file",
    height: 100,
    x: { label: "kB from the beginning" },
    color: { legend: true, domain: [...new Set(pieces.map(({ part }) => part))] },
    marks: [
      Plot.rectX(pieces, { x1: "from", x2: "to", fill: "part", stroke: "white" }),
      Plot.text(tensors, { x: ({ from, to }) => (from + to) / 2, text: "block", fill: "white" }),
    ],
  });
}
