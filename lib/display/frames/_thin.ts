import type { Frame } from "dlm/sampler.ts";

/** The first frame and those in which something changes; of more than `most`, so many at even distances. */
export function thinOut(frames: readonly Frame[], most: number): Frame[] {
  const moving = frames.filter(({ revealed, remasked }, i) =>
    i === 0 || revealed.length > 0 || remasked.length > 0
  );
  if (moving.length <= most) return moving;
  const stride = (moving.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => moving[Math.round(i * stride)]!);
}
