import * as tf from "@tensorflow/tfjs";

/** The most bytes that `malloc` gives at once; more it takes for a negative number. */
const MOST_AT_ONCE = 2 ** 31 - 1;

/** The part of a compiled tfjs that hands out memory. */
interface Allocator {
  /** What tfjs calls; at first, it puts `malloc` in its own place. */
  _malloc(bytes: number): number;
  asm: { malloc(bytes: number): number };
  /** The whole memory as it is now. */
  HEAPU8: Uint8Array;
}

const guarded = new WeakSet<Allocator>();

/**
 * Has the wasm backend, if it is the current one, refuse what its memory has no room for. As it
 * comes, it does not ask whether there was room, writes to address 0, and is of no use until the
 * process ends. Harmless to repeat.
 */
export function guardMemory(): void {
  if (tf.getBackend() !== "wasm") return;
  const { wasm } = tf.backend() as unknown as { wasm: Allocator };
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._malloc = (bytes) => {
    const address = bytes <= MOST_AT_ONCE ? wasm.asm.malloc(bytes) : 0;
    // Near the end of what 32 bits address, malloc also gives what is not there.
    const isThere = address !== 0 && (address >>> 0) + bytes <= wasm.HEAPU8.length;
    if (isThere || bytes === 0) return address;
    throw new RangeError(
      `The memory of the wasm backend has no room for ${Math.round(bytes / 1e6)} MB more: ` +
        `take smaller batches, shorter texts or a smaller model.`,
    );
  };
}
