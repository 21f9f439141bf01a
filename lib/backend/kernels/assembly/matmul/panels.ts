// @ts-nocheck: this is AssemblyScript, which its own compiler checks.

// The panels of a block: copies of a factor in the order in which the innermost loop reads it.

import { transpose4 } from "../vector.ts";
import { TILE_COLUMNS, TILE_ROWS, wholeSteps } from "./tile.ts";

/**
 * Packs a block of a factor, as lines which are rows of the left one or columns of the right one,
 * into panels of `tile` lines, in which the numbers of one step lie side by side.
 */
export function pack(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  tile: i32,
): void {
  // Where neighbours in memory are of different panels, some steps of all panels are packed
  // before the next: memory is read fastest in order.
  const chunk = lineStride == 1 ? 32 : steps;
  const whole = wholeSteps(steps);
  for (let step = 0; step < steps; step += chunk) {
    for (let line = 0; line < lines; line += tile) {
      packPart(
        from + (line * lineStride + step * stepStride << 2),
        lineStride,
        stepStride,
        min(tile, lines - line),
        min(chunk, steps - step),
        to + (line * whole + step * tile << 2),
        tile,
      );
    }
  }
  for (let line = 0; line < lines; line += tile) {
    memory.fill(to + (line * whole + steps * tile << 2), 0, (whole - steps) * tile << 2);
  }
}

/** Packs some steps of one panel; of its lines, those from `lines` on count as zeros. */
function packPart(
  from: usize,
  lineStride: i32,
  stepStride: i32,
  lines: i32,
  steps: i32,
  to: usize,
  tile: i32,
): void {
  let done = 0;
  if (lines == tile && lineStride == 1) {
    done = copySteps(from, stepStride << 2, steps, to, tile << 2);
  } else if (lines == tile && stepStride == 1) {
    done = tile == TILE_ROWS
      ? interleaveSix(from, lineStride << 2, steps, to)
      : interleaveEight(from, lineStride << 2, steps, to);
  }
  from += done * stepStride << 2;
  to += done * tile << 2;
  for (; done < steps; done++) {
    for (let line = 0; line < tile; line++) {
      const value = line < lines ? load<f32>(from + (line * lineStride << 2)) : 0;
      store<f32>(to + (line << 2), value);
    }
    from += stepStride << 2;
    to += tile << 2;
  }
}

/** Steps of which each lies side by side already: `bytes`, which are 24 or 32. */
function copySteps(from: usize, stride: usize, steps: i32, to: usize, bytes: usize): i32 {
  const last = bytes - 16;
  for (let step = 0; step < steps; step++) {
    v128.store(to, v128.load(from));
    v128.store(to + last, v128.load(from + last));
    from += stride;
    to += bytes;
  }
  return steps;
}

/** Six rows, four steps at a time. */
function interleaveSix(from: usize, rowBytes: usize, steps: i32, to: usize): i32 {
  const whole = steps & ~3;
  const end = to + (whole * TILE_ROWS << 2);
  while (to < end) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + rowBytes);
    const r2 = v128.load(from + 2 * rowBytes);
    const r3 = v128.load(from + 3 * rowBytes);
    const r4 = v128.load(from + 4 * rowBytes);
    const r5 = v128.load(from + 5 * rowBytes);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const low45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    const high45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(low45, low01, 0, 1, 6, 7), 16);
    v128.store(to, v128.shuffle<f32>(low23, low45, 2, 3, 6, 7), 32);
    v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 48);
    v128.store(to, v128.shuffle<f32>(high45, high01, 0, 1, 6, 7), 64);
    v128.store(to, v128.shuffle<f32>(high23, high45, 2, 3, 6, 7), 80);
    from += 16;
    to += 96;
  }
  return whole;
}

/** Eight columns, four steps at a time. */
function interleaveEight(from: usize, columnBytes: usize, steps: i32, to: usize): i32 {
  const whole = steps & ~3;
  const end = to + (whole * TILE_COLUMNS << 2);
  while (to < end) {
    transpose4(from, columnBytes, to, TILE_COLUMNS << 2);
    transpose4(from + 4 * columnBytes, columnBytes, to + 16, TILE_COLUMNS << 2);
    from += 16;
    to += TILE_COLUMNS << 4;
  }
  return whole;
}
