import * as Plot from "@observablehq/plot";
import type { Displayable } from "dlm/display/picture.ts";
import { plot } from "dlm/display/plot.ts";
import { readHeader } from "dlm/files/safetensors_header.ts";

/**
 * A safetensors file as a strip, to end a cell with: what lies where, in the order of the bytes.
 * Tensors have the colour of their part of the model, `attention` for `blocks.0.attention.qkv`,
 * and carry the number of their block. An arrow shows the header, which is mostly too thin to see.
 *
 * @param bytes a whole file, as from `encodeSafetensors()`
 * @throws {SafetensorsError} if it is none
 */
export function fileMap(bytes: Uint8Array): Displayable {
  const header = readHeader(bytes);
  const kB = (byte: number) => byte / 1000;
  const tensors = header.tensors.map(({ name, begin, end }) => {
    const [, block, part] = /^(?:blocks\.(\d+)\.)?([^.]+)/.exec(name) ?? [];
    return { part, block, from: kB(begin), to: kB(end) };
  });
  const pieces = [{ part: "header", from: 0, to: kB(header.end) }, ...tensors];
  const label = `↙ header, ${kB(header.end).toFixed(1)} kB`;
  return plot({
    title: "A short header, and then nothing but numbers",
    height: 115,
    marginTop: 35,
    x: { label: "kB from the beginning" },
    color: { legend: true, domain: [...new Set(pieces.map(({ part }) => part))] },
    marks: [
      Plot.rectX(pieces, { x1: "from", x2: "to", fill: "part", stroke: "white" }),
      Plot.text([label], { frameAnchor: "top-left", text: (text) => text, dy: -14 }),
      Plot.text(tensors, { x: ({ from, to }) => (from + to) / 2, text: "block", fill: "white" }),
    ],
  });
}
