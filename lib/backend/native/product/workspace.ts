import type { Assembler, VectorSet } from "../machine/assembler.ts";
import { openCall } from "../machine/call.ts";
import { makeExecutable } from "../machine/executable.ts";
import { procedure } from "../machine/procedure.ts";

/** How many numbers fit a vector. */
export const LANES: Record<VectorSet, number> = { avx512: 16, avx2: 8 };

/** Memory for code to work in, and the code itself, written when it is first called. */
export interface Workspace {
  /** The address of the memory, a multiple of 64. */
  readonly address: number;
  /** The same memory. */
  readonly numbers: Float32Array;
  /**
   * Calls code that finds these words at `RDI`, 8 bytes each.
   *
   * @param name of the code: what is called by one name is written once
   */
  run(name: number, write: (asm: Assembler) => void, words: readonly number[]): void;
  /** The word that masks out all lanes of a vector but the first so many: for AVX-512 a bit for
   * each lane, for AVX2 the address of a vector of signs. */
  maskFor(lanes: number): number;
}

/** Words enough for any code. */
const MOST_WORDS = 16;

/**
 * Memory for as many numbers, outside of WebAssembly's.
 *
 * @throws {Error} if the system does not allow code to be made or called
 */
export function createWorkspace(set: VectorSet, size: number): Workspace {
  const lanes = LANES[set];
  const head = 8 * MOST_WORDS + 8 * lanes; // the words, and the signs of AVX2
  const buffer = new ArrayBuffer(64 + head + 4 * size);
  const shift = -addressOf(buffer) & 63;
  const start = addressOf(buffer) + shift;
  const halves = new Uint32Array(buffer, shift, 2 * MOST_WORDS);
  // As many lanes with a sign as a vector has, then as many without: a window of them is a mask.
  new Int32Array(buffer, shift + 8 * MOST_WORDS, 2 * lanes).fill(-1, 0, lanes);
  const codes = new Map<number, bigint>();
  const call = openCall();
  const argument = BigInt(start);
  return {
    address: start + head,
    numbers: new Float32Array(buffer, shift + head, size),
    run(name, write, words) {
      let code = codes.get(name);
      if (code === undefined) {
        codes.set(name, code = makeExecutable(procedure(set, write)).address);
      }
      for (let i = 0; i < words.length; i++) {
        const value = words[i]!;
        halves[2 * i] = value; // its lower 32 bits
        halves[2 * i + 1] = value / 2 ** 32;
      }
      call(code, argument);
    },
    maskFor(wanted) {
      const there = Math.max(0, Math.min(lanes, wanted));
      return set === "avx512" ? 2 ** there - 1 : start + 8 * MOST_WORDS + 4 * (lanes - there);
    },
  };
}

/** Where a buffer is in the memory of the process. */
export function addressOf(buffer: ArrayBufferLike): number {
  const pointer = Deno.UnsafePointer.of(new Uint8Array(buffer as ArrayBuffer));
  return Number(Deno.UnsafePointer.value(pointer));
}
