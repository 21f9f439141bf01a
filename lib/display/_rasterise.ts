import { initWasm, Resvg } from "@resvg/resvg-wasm";
import wasm from "@resvg/resvg-wasm/index_bg.wasm" with { type: "bytes" };
import sans from "@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2" with {
  type: "bytes",
};
import mono from "@fontsource/dejavu-mono/files/dejavu-mono-latin-400-normal.woff2" with {
  type: "bytes",
};
import unifont from "@fontsource/unifontex/files/unifontex-latin-400-normal.woff2" with {
  type: "bytes",
};
import { encode } from "fast-png";

await initWasm(wasm);

/** A picture as `width · height` pixels of red, green, blue and opacity. */
export interface Pixels {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** An SVG document as the bytes of a PNG with two pixels a CSS pixel. */
export function rasterise(svg: string): Uint8Array {
  const { width, height, pixels } = renderPixels(svg);
  return encode(
    { width, height, channels: 1, depth: 8, ...indexed(pixels) },
    { zlib: { level: 9 } },
  );
}

/** What DejaVu lacks, or may lack: Unifont has nearly all of Unicode, but takes time to load. */
const BEYOND_DEJAVU = /[\u0526-\u1dff\u20b6-\u20cf\u2300-\u24ff\u2600-\ufffc\u{10000}-\u{10ffff}]/u;

/** An SVG document as pixels, two a CSS pixel. */
export function renderPixels(svg: string): Pixels {
  // Of the words for "do not smooth this image", resvg knows only the oldest.
  const resvg = new Resvg(svg.replaceAll('"pixelated"', '"optimizeSpeed"'), {
    fitTo: { mode: "zoom", value: 2 },
    font: {
      fontBuffers: BEYOND_DEJAVU.test(svg) ? [sans, mono, unifont] : [sans, mono],
      defaultFontFamily: "DejaVu Sans",
    },
  });
  const image = resvg.render();
  const { width, height, pixels } = image;
  image.free();
  resvg.free();
  return { width, height, pixels };
}

type Color = [red: number, green: number, blue: number];

/**
 * Opaque pixels as indices into a palette of the 256 most frequent colours (the
 * popularity algorithm of Heckbert, 1982): a chart has few colours and shades between
 * them, and with one byte a pixel its PNG is a third as large.
 */
function indexed(pixels: Uint8Array): { data: Uint8Array; palette: Color[] } {
  const shades = new Map<
    number,
    { color: Color; count: number; entry: number }
  >();
  const key = (i: number) =>
    (pixels[i]! >> 2) << 12 | (pixels[i + 1]! >> 2) << 6 | pixels[i + 2]! >> 2;
  for (let i = 0; i < pixels.length; i += 4) {
    const shade = shades.get(key(i));
    if (shade) shade.count++;
    else {
      const color: Color = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
      shades.set(key(i), { color, count: 1, entry: 0 });
    }
  }
  const palette = [...shades.values()].sort((a, b) => b.count - a.count)
    .slice(0, 256).map(({ color }) => color);
  for (const shade of shades.values()) {
    shade.entry = nearest(palette, shade.color);
  }
  const data = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < data.length; i++) data[i] = shades.get(key(4 * i))!.entry;
  return { data, palette };
}

function nearest(palette: Color[], [r, g, b]: Color): number {
  const distances = palette.map(([red, green, blue]) =>
    (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2
  );
  return distances.indexOf(Math.min(...distances));
}
