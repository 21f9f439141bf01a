import { type Answers, askProcessor, XGETBV } from "./_cpuid.ts";
import type { VectorSet } from "./machine/assembler.ts";

/** What the processor says of itself. */
export interface Processor {
  /** Who made it: `GenuineIntel`, `AuthenticAMD` or another. */
  readonly vendor: string;
  /** Its name, as it is sold. */
  readonly brand: string;
  /** Its generation: of AMD, 23 is the first Zen and 25 the third and fourth. */
  readonly family: number;
  /** Which of that generation. */
  readonly model: number;
  /** The vector instructions that a program may use, which asks the system too: it has to save
   * their registers, whenever another program takes its turn. */
  readonly vectors: readonly VectorSet[];
}

/** The processor, or the reason why nothing is known of it. */
export type Detection = { processor: Processor; reason?: undefined } | {
  processor?: undefined;
  reason: string;
};

let detected: Detection | undefined;

/**
 * Asks the processor what it is, by code of our own. Asks for no permission: where code may not
 * be made, or would be another processor's, there is a reason instead.
 */
export function detectProcessor(): Detection {
  if (!("Deno" in globalThis)) return { reason: "This is not Deno." };
  if (Deno.build.arch !== "x86_64") return { reason: `The processor is of ${Deno.build.arch}.` };
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") return { reason: "There is no permission for it: --allow-ffi." };
  return detected ??= ask();
}

function ask(): Detection {
  try {
    return { processor: readAnswers(askProcessor()) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The bits of what the processor has to have. */
const FEATURES = {
  fma: 1 << 12, // in version.c
  avx: 1 << 28,
  avx2: 1 << 5, // in features.b
  avx512: 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31, // AVX512F, DQ, BW and VL
};

/** The registers that the system has to save. macOS saves those of AVX-512 once they have been
 * used, and says so only then: there they stay unused. */
const SAVED = { avx2: 0b110, avx512: 0b1110_0110 };

/** Makes sense of what the processor answers. */
export function readAnswers(answers: Answers): Processor {
  const { vendor, version, features, extensions, brand1, brand2, brand3, saved } = answers;
  const has = (word: number, bits: number) => (word & bits) === bits;
  const asked = vendor.a >= 7 && has(version.c, XGETBV); // else their answers mean nothing
  const avx2 = asked && has(saved, SAVED.avx2) &&
    has(version.c, FEATURES.avx | FEATURES.fma) && has(features.b, FEATURES.avx2);
  const avx512 = avx2 && has(saved, SAVED.avx512) && has(features.b, FEATURES.avx512);
  const brand = extensions.a >= 0x8000_0004
    ? [brand1, brand2, brand3].flatMap(({ a, b, c, d }) => [a, b, c, d])
    : [];
  return {
    vendor: spell([vendor.b, vendor.d, vendor.c]), // in this order
    brand: spell(brand),
    ...generation(version.a),
    vectors: [...(avx2 ? ["avx2"] as const : []), ...(avx512 ? ["avx512"] as const : [])],
  };
}

/** Four letters a word, and zeros at the end. */
function spell(words: readonly number[]): string {
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  return new TextDecoder().decode(bytes).replace(/\0.*/s, "").trim();
}

/** Four bits of each, to which others were added when they no longer sufficed. */
function generation(version: number): { family: number; model: number } {
  const bits = (from: number, count: number) => version >> from & (1 << count) - 1;
  const family = bits(8, 4);
  const isLater = family === 6 || family === 15;
  return {
    family: family === 15 ? family + bits(20, 8) : family,
    model: bits(4, 4) | (isLater ? bits(16, 4) << 4 : 0),
  };
}
